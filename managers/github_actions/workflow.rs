//! The parts of a workflow or action that are found through its YAML: containers, services, runners, tools.

use std::collections::BTreeSet;

use updraft_core::dep::Dep;
use updraft_core::image_ref;
use updraft_core::manager::ManagerContext;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::yaml::{Kind, Node};

use super::ID;
use super::runner::runners;
use super::tool::tool_of_step;
use crate::scalar::label;

/// How deep groups of steps may hold groups of steps.
const MAX_DEPTH: usize = 8;

/// Returns the dependencies of a file that its `uses:` lines do not show.
pub(super) fn deps(file: &SourceFile, context: &ManagerContext) -> Vec<Dep> {
    let mut workflow = Workflow { file, context, seen: BTreeSet::new(), deps: Vec::new() };
    for document in file.yaml().documents() {
        let root = document.root();
        for (name, job) in root.get("jobs").into_iter().flat_map(Node::entries) {
            workflow.read_job(job, label(name.as_str().unwrap_or_default()));
        }
        if let Some(runs) = root.get("runs") {
            workflow.read_action(runs);
        }
    }
    workflow.deps
}

struct Workflow<'a> {
    file: &'a SourceFile,
    context: &'a ManagerContext,
    /// The nodes that were read: through aliases the same one can be met any number of times.
    seen: BTreeSet<usize>,
    deps: Vec<Dep>,
}

impl Workflow<'_> {
    fn read_job(&mut self, job: Node<'_>, name: &str) {
        if !self.is_new(job) {
            return;
        }
        if let Some(container) = job.get("container") {
            self.read_image(container, "container", &format!("job {name}"));
        }
        for (service, image) in job.get("services").into_iter().flat_map(Node::entries) {
            let service = label(service.as_str().unwrap_or_default());
            self.read_image(image, "service", &format!("job {name}, service {service}"));
        }
        if let Some(runs_on) = job.get("runs-on").filter(|runs_on| self.is_new(*runs_on)) {
            self.deps.extend(runners(runs_on, self.file, &format!("job {name}")));
        }
        if let Some(steps) = job.get("steps") {
            self.read_steps(steps, &format!("job {name}"), MAX_DEPTH);
        }
    }

    /// Reads the `runs` of an action: the steps of a composite one, the image of one that is a container.
    fn read_action(&mut self, runs: Node<'_>) {
        if let Some(steps) = runs.get("steps") {
            self.read_steps(steps, "action", MAX_DEPTH);
        }
        let Some(image) = runs.get("image") else { return };
        if let Some(reference) = image.as_str().and_then(|text| text.strip_prefix("docker://")) {
            let span = ByteSpan::new(image.span().end.saturating_sub(reference.len()), image.span().end);
            if span.of(&self.file.text) == Some(reference) {
                self.push_image(reference, span, "docker", "action");
            }
        }
    }

    fn read_steps(&mut self, steps: Node<'_>, found_in: &str, depth: usize) {
        if !self.is_new(steps) {
            return;
        }
        for step in steps.items().filter(|step| step.kind() == Kind::Mapping) {
            if !self.is_new(step) {
                continue;
            }
            self.deps.extend(tool_of_step(step, self.file, found_in));
            if let (Some(group), Some(depth)) = (step.get("parallel"), depth.checked_sub(1)) {
                self.read_steps(group, found_in, depth);
            }
        }
    }

    /// Reads an image that is given as a text, or as the `image` of a mapping.
    fn read_image(&mut self, value: Node<'_>, dep_type: &str, found_in: &str) {
        let image = if value.kind() == Kind::Mapping { value.get("image") } else { Some(value) };
        let Some((image, text)) = image.and_then(|image| Some((image, image.as_str()?))) else { return };
        // A service whose image is empty is one that is not wanted.
        if !text.trim().is_empty() && !image.is_plain_null() && self.is_new(image) {
            self.push_image(text, image.span(), dep_type, found_in);
        }
    }

    fn push_image(&mut self, text: &str, span: ByteSpan, dep_type: &str, found_in: &str) {
        let aliases = &self.context.registry_aliases;
        let mut dep = image_ref::dep(ID, &self.file.path, text, span, aliases);
        dep.dep_type = Some(dep_type.to_owned());
        dep.found_in = found_in.into();
        self.deps.push(dep);
    }

    fn is_new(&mut self, node: Node<'_>) -> bool {
        self.seen.insert(node.span().start)
    }
}
