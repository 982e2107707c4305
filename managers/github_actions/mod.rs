#![doc = include_str!("README.md")]

mod action_ref;
mod comment;
mod lock;
mod runner;
mod tool;
mod uses;
mod workflow;

use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::name::ManagerId;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;

use lock::{Locks, is_lock};

/// The `github-actions` manager.
#[derive(Clone, Copy, Debug)]
pub struct GitHubActions;

const ID: ManagerId = ManagerId::fixed("github-actions");

impl Manager for GitHubActions {
    fn id(&self) -> ManagerId {
        ID
    }

    fn file_patterns(&self) -> Vec<&str> {
        vec![
            r"/(^|/)(workflow-templates|\.(github|gitea|forgejo)/(workflows|actions))/.+\.ya?ml$/",
            r"/(^|/)action\.ya?ml$/",
            r"/(^|/)\.github/workflows/actions\.lock$/",
        ]
    }

    fn extract(&self, files: &[&SourceFile], context: &ManagerContext) -> Extraction {
        let mut extraction = Extraction::default();
        let locks = Locks::read(files);
        for file in files.iter().filter(|file| !is_lock(file)) {
            let mut deps = uses::deps(file, context);
            deps.extend(workflow::deps(file, context));
            deps.sort_by_key(|dep| dep.span);
            locks.apply(&file.path, &mut deps);
            extraction.deps.extend(deps);
            let broken = file.yaml().errors().iter().filter(|error| !error.template);
            extraction.problems.extend(broken.map(|error| {
                Problem::warning(error.message.as_str())
                    .at(&file.path, error.span)
                    .hint("only the `uses:` lines of this document are updated")
            }));
        }
        extraction
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use updraft_core::dep::Dep;
    use updraft_core::name::RepoPath;

    use super::*;

    fn extract(text: &str) -> Vec<Dep> {
        let file = SourceFile::new(RepoPath::new(".github/workflows/ci.yaml").unwrap(), text);
        GitHubActions.extract(&[&file], &ManagerContext::default()).deps
    }

    #[test]
    fn what_aliases_repeat_is_found_once() {
        let text = "jobs:\n  a: &job\n    runs-on: ubuntu-24.04\n    container: alpine:3.20\n    steps: &steps\n    \
                    - uses: azure/setup-helm@v4\n      with: {version: v3.16.1}\n  b: *job\n  c: {steps: *steps}\n";
        assert_eq!(extract(text).len(), 4);
    }

    #[test]
    fn repeating_aliases_a_thousandfold_costs_nothing() {
        let steps = "    - uses: azure/setup-helm@v4\n".repeat(2000);
        let jobs = "  again: {steps: *steps}\n".repeat(2000);
        assert_eq!(extract(&format!("jobs:\n  a:\n    steps: &steps\n{steps}{jobs}")).len(), 2000);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_slots_say_what_is_there(
            lines in proptest::collection::vec("( {0,6}(- )?(\"?uses\"?: |with:|version: |container: |runs-on: |jobs:|steps:|a: |\\{ uses: )[&'\"]?(a/b@|docker://|ubuntu-)?)?[ -~\u{e4}]{0,16}( ?# ?(tag=|v|pin )?[ -~\u{e4}]{0,8})?\r?", 0..12),
        ) {
            let text = lines.join("\n");
            for dep in extract(&text) {
                prop_assert!(dep.span.of(&text).is_some());
                for slot in &dep.slots {
                    prop_assert_eq!(slot.span.of(&text), Some(slot.text.as_str()));
                }
                for pair in dep.slots.windows(2) {
                    prop_assert!(pair[0].span.end <= pair[1].span.start);
                }
            }
        }
    }
}
