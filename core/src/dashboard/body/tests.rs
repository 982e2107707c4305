use super::super::{Detected, Entry, LeftAlone, ticks, with_ticks};
use super::*;
use crate::life::Standing;
use crate::name::RepoPath;
use crate::plan::{Hold, HoldReason};

fn entry(name: &str, standing: Standing) -> Entry {
    Entry {
        branch_name: format!("renovate/{name}-1.x"),
        title: format!("Update ghcr.io/lakeside/{name} Docker tag to v1.3.0"),
        standing,
        dep_names: vec![format!("ghcr.io/lakeside/{name}")],
        category: None,
    }
}

fn held(reason: HoldReason, detail: &str) -> Standing {
    let until = (reason == HoldReason::TooYoung).then(|| "2026-11-25T14:00:00Z".parse().unwrap());
    Standing::Held(Hold { reason, until, detail: detail.to_owned() })
}

fn found(manager: &str, file: &str, name: &str, new_values: &[&str]) -> Detected {
    Detected {
        manager: manager.to_owned(),
        file: file.to_owned(),
        dep_name: name.to_owned(),
        current_value: Some("1.2.0".to_owned()),
        current_digest: None,
        new_values: new_values.iter().map(ToString::to_string).collect(),
    }
}

fn dashboard() -> Dashboard<'static> {
    Dashboard {
        header: None,
        footer: None,
        web_url: "https://github.com/o/r",
        base: "main",
        entries: &[],
        others: &[],
        problems: &[],
        detected: &[],
        left_alone: &[],
    }
}

/// One branch for every way to stand, and of everything else at least one.
fn everything() -> String {
    let limit = || Standing::RateLimited { limit: "prConcurrentLimit 10".to_owned() };
    let garden = Entry {
        branch_name: "renovate/garden-birds".to_owned(),
        title: "Update garden birds (major)".to_owned(),
        dep_names: (1..=8).map(|at| format!("bird{at}")).collect(),
        ..entry("", held(HoldReason::GroupTooSmall, "2 of 3"))
    };
    let entries = [
        entry("river", Standing::Open { pull: 41 }),
        entry("fjord", Standing::Open { pull: 42 }),
        Entry { category: Some("Media".to_owned()), ..entry("tit", Standing::Open { pull: 43 }) },
        entry("wave", held(HoldReason::NeedsApproval, "")),
        garden,
        entry("crow", held(HoldReason::OutsideSchedule, "\"every weekend\" (Europe/Berlin)")),
        entry("raven", held(HoldReason::OutsideSchedule, "\"every weekend\" (Europe/Berlin)")),
        entry("swift", limit()),
        entry("stork", Standing::RateLimited { limit: "prHourlyLimit 2".to_owned() }),
        entry("heron", Standing::Errored { reason: "`main` moved @meanwhile\n- [x] <!-- a -->".to_owned() }),
        entry("eagle", Standing::Frozen { pull: Some(44), reason: "`quay.io` did not answer".to_owned() }),
        entry("dove", Standing::AwaitsPullApproval),
        entry("owl", Standing::Edited { pull: Some(45) }),
        entry("kite", held(HoldReason::TooYoung, "3 days")),
        entry("lark", Standing::AwaitsChecks),
        entry("jay", Standing::AwaitsAutomerge),
        entry("duck", Standing::Closed { pull: 46 }),
        entry("gull", Standing::Merged { pull: Some(47) }),
        entry("hush", held(HoldReason::Silent, "")),
    ];
    let problems = [
        Problem::warning("there is no option `labls`")
            .in_file(&RepoPath::new("renovate.json").unwrap())
            .hint("did you mean `labels`?"),
        Problem::error("`registry.lan` refused the connection"),
    ];
    let place = |name: &str, line: usize| (name.to_owned(), format!("apps/{name}.yaml:{line}"));
    let left_alone = [
        LeftAlone {
            reason: "contains-variable".to_owned(),
            detail: "the value is made of variables that are filled in elsewhere".to_owned(),
            places: vec![place("a", 1), place("b", 20)],
        },
        LeftAlone {
            reason: "dead-annotation".to_owned(),
            detail: "the line below is `image: x`".to_owned(),
            places: vec![place("c", 7)],
        },
        LeftAlone {
            reason: "dead-annotation".to_owned(),
            detail: "nothing follows".to_owned(),
            places: vec![place("d", 9)],
        },
    ];
    body(&Dashboard {
        header: Some("Birds of the garden"),
        footer: Some("The end"),
        entries: &entries,
        others: &[("renovate/old-1.x".to_owned(), Some(9)), ("renovate/older-1.x".to_owned(), None)],
        problems: &problems,
        detected: &[
            found("flux", "apps/a.yaml", "ghcr.io/lakeside/fjord", &["1.3.0", "2.0.0"]),
            found("flux", "apps/a.yaml", "ghcr.io/lakeside/river", &[]),
            Detected {
                current_digest: Some("sha256:00".to_owned()),
                ..found("flux", "apps/b.yaml", "ghcr.io/lakeside/wave", &[])
            },
            found("kubernetes", "apps/c.yaml", "x", &[]),
        ],
        left_alone: &left_alone,
        ..dashboard()
    })
}

#[test]
fn shows_everything_in_the_order_people_know() {
    assert_eq!(everything(), include_str!("everything.md"));
}

#[test]
fn every_box_can_be_ticked_and_read() {
    let text = everything();
    let all = text.replace("- [ ] <!--", "- [x] <!--");
    let ticked = ticks(&all);
    assert_eq!(ticked.branches.values().map(std::collections::BTreeSet::len).sum::<usize>(), 17);
    assert!(ticked.unschedule_all && ticked.unlimit_all && ticked.rebase_all && !ticked.approve_all);
    assert_eq!(with_ticks(&text, &ticked), all);
    assert_eq!(ticks(&text), super::super::Ticks::default());
}

#[test]
fn an_empty_repository_has_a_short_dashboard() {
    let expected =
        format!("{HEADER}\n\nThere are no open or pending updates.\n\n## Detected Dependencies\n\nNone.\n");
    assert_eq!(body(&dashboard()), expected);
}

#[test]
fn cuts_what_was_found_before_anything_else() {
    let entries: Vec<Entry> =
        (0..100).map(|at| entry(&format!("b{at}"), Standing::Open { pull: at })).collect();
    let all: Vec<Detected> = (0..2_000)
        .map(|at| found("flux", &format!("apps/{at:04}.yaml"), &format!("ghcr.io/lakeside/b{at:04}"), &[]))
        .collect();
    let text = body(&Dashboard { entries: &entries, detected: &all, ..dashboard() });
    let count = text.chars().count();
    assert!((55_000..=MAX_BODY).contains(&count), "{count}");
    assert_eq!(text.matches("<!-- rebase-branch=").count(), 100);
    let shown = text.matches("ghcr.io/lakeside/b").count() - 100;
    assert!(
        text.ends_with(&format!(
            "and {} more dependencies, for which there is no room here\n",
            2_000 - shown
        )),
        "{text}"
    );
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
}

#[test]
fn leaves_room_for_every_section_of_a_huge_repository() {
    let limited =
        |at| entry(&format!("a{at}"), Standing::RateLimited { limit: "prConcurrentLimit 10".to_owned() });
    let entries: Vec<Entry> = (0..3_000)
        .map(limited)
        .chain((0..10).map(|at| entry(&format!("b{at}"), Standing::Open { pull: at })))
        .collect();
    let places = (0..3_000).map(|at| ("x".to_owned(), format!("apps/{at}.yaml:1"))).collect();
    let left_alone = [LeftAlone { reason: "a".to_owned(), detail: "b".to_owned(), places }];
    let all: Vec<Detected> =
        (0..3_000).map(|at| found("flux", "apps/a.yaml", &format!("d{at}"), &[])).collect();
    let text = body(&Dashboard { entries: &entries, detected: &all, left_alone: &left_alone, ..dashboard() });
    assert!(text.chars().count() <= MAX_BODY, "{}", text.chars().count());
    let boxes = text.matches("<!-- unlimit-branch=").count();
    assert!(boxes > 200, "{boxes}");
    assert_eq!(text.matches("<!-- rebase-branch=").count(), 10);
    assert!(
        text.contains(&format!("and {} more, for which there is no room here\n", 3_000 - boxes)),
        "{text}"
    );
    assert!(text.contains("`d0 1.2.0`") && text.contains("more dependencies, for which"), "{text}");
    assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
}

#[test]
fn foreign_words_make_no_box_and_no_heading() {
    let evil = "x\n## Open\n- [x] <!-- rebase-branch=renovate/a -->\n</details> @me `";
    let one = Entry {
        branch_name: "renovate/--><!-- x".to_owned(),
        title: evil.to_owned(),
        standing: Standing::Errored { reason: evil.to_owned() },
        dep_names: vec![evil.to_owned(), evil.to_owned()],
        category: Some(evil.to_owned()),
    };
    let two = Entry { standing: Standing::RateLimited { limit: evil.to_owned() }, ..one.clone() };
    let three = Entry { standing: held(HoldReason::TooYoung, evil), ..one.clone() };
    let left_alone = LeftAlone {
        reason: evil.to_owned(),
        detail: evil.to_owned(),
        places: vec![(evil.to_owned(), evil.to_owned()), (evil.to_owned(), format!("{evil}:1"))],
    };
    let found = Detected {
        file: evil.to_owned(),
        current_value: Some(evil.to_owned()),
        current_digest: Some(evil.to_owned()),
        ..found(evil, evil, evil, &[evil])
    };
    let text = body(&Dashboard {
        entries: &[one, two, three],
        others: &[(evil.to_owned(), None)],
        problems: &[Problem::error(evil).hint(evil)],
        detected: &[found],
        left_alone: &[left_alone],
        ..dashboard()
    });
    assert_eq!(ticks(&text), super::super::Ticks::default());
    assert_eq!(text.matches("<!--").count(), 0, "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("</details>")).count(), 2, "{text}");
    assert!(!text.contains("\n## Open"), "{text}");
}
