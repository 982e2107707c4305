//! What people and other bots write on the forge is read: ticks on a dashboard, the memory in a pull request, code owners; and a
//! dashboard that is written again keeps exactly the ticks it had.

use updraft_core::changelog::Source;
use updraft_core::code_owners::CodeOwners;
use updraft_core::dashboard::{ticks, with_ticks};
use updraft_core::draft::{self, Memory};

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let (head, body) = super::two(&text);
    let ticked = ticks(body);
    let again = with_ticks(&body.replace("[x]", "[ ]").replace("[X]", "[ ]"), &ticked);
    assert_eq!(ticks(&again), ticked, "{again:?}");
    let _ = (Memory::read(body), draft::wants_rebase(body), draft::same_body(head, body));
    let _ = CodeOwners::read(body).of("kubernetes/apps/a.yaml");
    if let Some(source) = Source::parse(head) {
        let page = source.page();
        assert!(page.starts_with("https://") || page.starts_with("http://"), "{page}");
    }
}
