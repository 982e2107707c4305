//! Runs every manager over the files that are its own, and makes one dependency of what several see in the same bytes.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use updraft_core::dep::Dep;
use updraft_core::manager::{Extraction, Manager, ManagerContext};
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;

use crate::merge::merge;

/// Which files a manager gets; it is named by its place in the list of managers.
pub type Selection<'a> = dyn Fn(usize, &SourceFile) -> bool + Sync + 'a;

/// Returns what `managers` find in `files`, in the order of files and bytes.
///
/// `managers` stand in order of precedence, the more specific first; `contexts` are what the configuration tells each, and what it does not tell is
/// as nobody said it. `threads` is how many may work at once.
pub fn extract(
    managers: &[&dyn Manager],
    files: &[&SourceFile],
    selects: &Selection<'_>,
    contexts: &[ManagerContext],
    threads: usize,
) -> Extraction {
    let untold = ManagerContext::default();
    let selected = select(managers, files, selects, threads);
    // Who has the most to read begins, so that nobody is left alone with it in the end.
    let mut order: Vec<usize> = (0..managers.len()).collect();
    order.sort_by_key(|index| Reverse(selected.get(*index).map_or(0, Vec::len)));
    let found = in_parallel(order.len(), threads, |place| {
        let index = *order.get(place)?;
        let (manager, own) = (managers.get(index)?, selected.get(index)?);
        let mut found = manager.extract(own, contexts.get(index).unwrap_or(&untold));
        found.deps.iter_mut().for_each(Dep::leave_out_users);
        Some(found)
    });
    let mut found: Vec<(usize, Extraction)> =
        order.into_iter().zip(found).map(|(index, own)| (index, own.unwrap_or_default())).collect();
    found.sort_by_key(|(index, _)| *index);
    let mut problems: Vec<Problem> = Vec::new();
    let mut deps: Vec<Vec<Dep>> = Vec::with_capacity(found.len());
    for (_, extraction) in found {
        problems.extend(extraction.problems);
        deps.push(extraction.deps);
    }
    problems.sort();
    // Several managers may read the same broken document, each with its own advice.
    problems.dedup_by(|later, first| {
        (&later.file, later.span, &later.message) == (&first.file, first.span, &first.message)
    });
    Extraction { deps: merge(deps), problems }
}

/// Returns the files of each manager. Deciding it also parses what will be needed, file by file, so it is spread over threads.
fn select<'f>(
    managers: &[&dyn Manager],
    files: &[&'f SourceFile],
    selects: &Selection<'_>,
    threads: usize,
) -> Vec<Vec<&'f SourceFile>> {
    let chosen = in_parallel(files.len(), threads, |index| {
        let Some(&file) = files.get(index) else { return Vec::new() };
        let own: Vec<usize> = (0..managers.len()).filter(|at| selects(*at, file)).collect();
        for manager in own.iter().filter_map(|at| managers.get(*at)) {
            manager.prepare(file);
        }
        own
    });
    let mut selected = vec![Vec::new(); managers.len()];
    for (&file, indexes) in files.iter().zip(chosen) {
        for index in indexes {
            if let Some(own) = selected.get_mut(index) {
                own.push(file);
            }
        }
    }
    selected
}

/// Returns `work(0..count)` in order, done by up to `threads` threads.
pub fn in_parallel<T: Send>(count: usize, threads: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let take = || {
        let mut done = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= count {
                return done;
            }
            done.push((index, work(index)));
        }
    };
    let mut results = thread::scope(|scope| {
        let helpers: Vec<_> = (1..threads.min(count)).map(|_| scope.spawn(take)).collect();
        let mut results = take();
        for helper in helpers {
            match helper.join() {
                Ok(part) => results.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use updraft_core::dep::{Origin, Part, SkipReason, Slot};
    use updraft_core::name::{DatasourceId, ManagerId, RepoPath};
    use updraft_core::span::ByteSpan;

    use super::*;

    /// Finds its word wherever it stands.
    struct Finds(&'static str, &'static str);

    impl Manager for Finds {
        fn id(&self) -> ManagerId {
            ManagerId::new(self.0)
        }

        fn file_patterns(&self) -> Vec<&str> {
            Vec::new()
        }

        fn extract(&self, files: &[&SourceFile], _: &ManagerContext) -> Extraction {
            let dep = |file: &SourceFile| {
                let start = file.text.find(self.1)?;
                let span = ByteSpan::new(start, start + self.1.len());
                let mut dep = Dep::new(self.id(), &file.path, span, "thing");
                dep.datasource = Some(DatasourceId::DOCKER);
                dep.slots.push(Slot::new(Part::Value, span, self.1));
                Some(dep)
            };
            Extraction { deps: files.iter().filter_map(|file| dep(file)).collect(), problems: Vec::new() }
        }
    }

    /// Calls a dependency by its word, and says it wherever it can.
    struct Names(&'static str);

    impl Manager for Names {
        fn id(&self) -> ManagerId {
            ManagerId::new("names")
        }

        fn file_patterns(&self) -> Vec<&str> {
            Vec::new()
        }

        fn extract(&self, files: &[&SourceFile], _: &ManagerContext) -> Extraction {
            let (path, span) = (&files[0].path, ByteSpan::new(6, 6 + self.0.len()));
            let mut dep = Dep::new(self.id(), path, span, self.0)
                .skipped(SkipReason::Disabled, format!("`{}` is skipped", self.0));
            dep.slots.push(Slot::new(Part::Name, span, self.0));
            dep.found_in = "App me:secret@git.lan/a".to_owned();
            dep.registry_urls = vec!["https://me:secret@git.lan".to_owned()];
            dep.origins.push(Origin {
                what: "https://me:secret@git.lan".to_owned(),
                file: path.clone(),
                span,
            });
            let problems = vec![Problem::note(format!("`{}` is odd", self.0))];
            Extraction { deps: vec![dep], problems }
        }
    }

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile::new(RepoPath::new(path).unwrap(), text)
    }

    #[test]
    fn two_managers_on_the_same_bytes_give_one_dependency_of_the_more_specific() {
        let files = [file("a.yaml", "tag: 1.2.3"), file("b.yaml", "tag: 1.2.3 1.0")];
        let managers: [&dyn Manager; 3] =
            [&Finds("first", "1.2.3"), &Finds("second", "1.2.3"), &Finds("third", "1.0")];
        for threads in [1, 4] {
            let found = extract(&managers, &[&files[0], &files[1]], &|_, _| true, &[], threads);
            let ids: Vec<_> =
                found.deps.iter().map(|dep| (dep.file.as_str(), dep.manager.as_str())).collect();
            assert_eq!(ids, [("a.yaml", "first"), ("b.yaml", "first"), ("b.yaml", "third")]);
        }
    }

    #[test]
    fn no_name_shows_who_logs_in_and_the_bytes_of_the_file_stay() {
        let text = "name: https://me:secret@git.lan/a/b\nref: https://me:secret@git.lan/a/b";
        let files = [file("a.yaml", text)];
        let managers: [&dyn Manager; 1] = [&Names("https://me:secret@git.lan/a/b")];
        let found = extract(&managers, &[&files[0]], &|_, _| true, &[], 1);
        let dep = &found.deps[0];
        assert_eq!(
            (dep.dep_name.as_str(), dep.package_name.as_str()),
            ("https://git.lan/a/b", "https://git.lan/a/b")
        );
        assert_eq!(dep.skip.as_ref().unwrap().detail, "`https://git.lan/a/b` is skipped");
        assert_eq!(
            (dep.found_in.as_str(), dep.origins[0].what.as_str()),
            ("App git.lan/a", "https://git.lan")
        );
        assert_eq!(dep.slots[0].text, "https://me:secret@git.lan/a/b");
        assert_eq!(dep.registry_urls, ["https://me:secret@git.lan"]);
        assert_eq!(found.problems[0].message, "`https://git.lan/a/b` is odd");
    }

    #[test]
    fn a_manager_gets_only_the_files_selected_for_it() {
        let files = [file("a.yaml", "1.2.3"), file("b.yaml", "1.2.3")];
        let managers: [&dyn Manager; 1] = [&Finds("first", "1.2.3")];
        let found =
            extract(&managers, &[&files[0], &files[1]], &|_, file| file.path.as_str() == "b.yaml", &[], 2);
        assert_eq!(found.deps.len(), 1);
        assert_eq!(found.deps[0].file.as_str(), "b.yaml");
    }
}
