#![doc = include_str!("README.md")]

use updraft_core::dep::Dep;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::source::SourceFile;
use updraft_core::yaml::{Document, Kind, Node};

use crate::{image, scalar};

const ID: ManagerId = ManagerId::fixed("docker-compose");

/// Finds the images of Compose files.
#[derive(Clone, Copy, Debug)]
pub struct DockerCompose;

impl Manager for DockerCompose {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec!["/(^|/)(?:docker-)?compose[^/]*\\.ya?ml$/"]
    }

    fn prepare(&self, file: &SourceFile) {
        file.yaml();
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        for file in files {
            extraction.problems.extend(file.yaml_problems());
            let roots = file.yaml().documents().iter().map(Document::root);
            let mut deps: Vec<_> =
                roots.flat_map(services).filter_map(|service| dep(file, service, context)).collect();
            deps.sort_by_key(|dep| dep.span);
            // Services share an image through anchors.
            deps.dedup_by_key(|dep| dep.span);
            extraction.deps.append(&mut deps);
        }
        extraction
    }
}

/// A service, or an extension that services merge into themselves.
struct Service<'a> {
    title: String,
    node: Node<'a>,
}

/// Returns what may have an image in a document, extensions first.
fn services(root: Node<'_>) -> impl Iterator<Item = Service<'_>> {
    let services = root.get("services");
    // The first version of the format had the services at the top.
    let has_services = services.is_some();
    let at_top = root.entries().filter_map(move |(key, node)| {
        let name = scalar::label(key.as_str()?);
        let is_extension = name.starts_with("x-");
        let title = if is_extension { name.to_owned() } else { format!("service {name}") };
        (is_extension || !has_services).then_some(Service { title, node })
    });
    let named = services.into_iter().flat_map(Node::entries).filter_map(|(key, node)| {
        let title = format!("service {}", scalar::label(key.as_str()?));
        Some(Service { title, node })
    });
    at_top.chain(named)
}

fn dep(file: &SourceFile, service: Service<'_>, context: &ManagerContext) -> Option<Dep> {
    let image = Some(service.node).filter(|node| node.kind() == Kind::Mapping)?.get("image")?;
    if service.node.get("build").is_some() {
        return None;
    }
    let mut dep = image::dep(&ID, file, image, &context.registry_aliases)?;
    dep.found_in = service.title;
    Some(dep)
}
