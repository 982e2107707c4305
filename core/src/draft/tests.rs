use proptest::prelude::*;

use super::*;
use crate::plan::tests::planned;

const FJORD: &str = "kubernetes docker ghcr.io/lakeside/fjord 1.2.0 > 1.2.0 1.3.0";

fn branch(options: &str, lines: &[&str]) -> Branch {
    let plan = planned(options, lines);
    assert_eq!(plan.problems, []);
    plan.branches.into_iter().next().unwrap()
}

fn memory() -> Memory {
    Memory {
        created_in_ver: "0.1.0".to_owned(),
        updated_in_ver: "0.1.0".to_owned(),
        target_branch: "main".to_owned(),
        labels: ["a".to_owned()].into(),
        automerges: false,
    }
}

#[track_caller]
fn check(options: &str, expected: &[&str], absent: &[&str]) {
    let body = pr_text(&branch(options, &[FJORD]), "");
    for part in expected {
        assert!(body.contains(part), "{part:?} is not in:\n{body}");
    }
    for part in absent {
        assert!(!body.contains(part), "{part:?} is in:\n{body}");
    }
}

#[test]
fn says_what_changes_and_what_holds_for_it() {
    let options = "{
        prHeader: 'Updates of {{depName}}', prFooter: 'Ask @owner.', prBodyNotes: ['Mind {{depName}}.'],
        schedule: ['before 6am on Monday'], timezone: 'Europe/Berlin', automerge: true,
    }";
    let notes =
        "<details>\n<summary>lakeside/fjord (1.3.0)</summary>\n\n- Changes  \n  of fjord\n\n</details>\n";
    let body = pr_body(&branch(options, &[FJORD]), notes, &memory());
    assert_eq!(body, include_str!("tests/pull_request.md"));
}

#[test]
fn the_owner_says_which_columns_there_are() {
    check(
        "{prBodyColumns: ['Change', 'Package']}",
        &["| Change | Package |\n|---|---|\n| `1.2.0` → `1.3.0` | "],
        &["Update"],
    );
    let own = "{prBodyColumns: ['Package', 'Age', 'Nothing', 'Which', 'Package file'], \
               prBodyDefinitions: {Package: '{{{depNameLinked}}}', Age: '![a|b](https://e.example/{{newVersion}})\\nx', Which: '{{currentValue}}'}}";
    check(
        own,
        &[
            "| Package | Age | Which | Package file |\n|---|---|---|---|\n",
            "| [ghcr.io/lakeside/fjord](https://redirect.github.com/example/source) | ![a\\|b](https://e.example/1.3.0) x | 1.2.0 | `apps/0.yaml` |\n",
        ],
        &["Nothing"],
    );
}

#[test]
fn the_owner_says_in_which_order_the_parts_come() {
    let body = pr_text(
        &branch("{prBodyTemplate: '{{{controls}}}Mine{{{notes}}}{{{table}}}{{{controls}}}'}", &[FJORD]),
        "Notes",
    );
    let place = |part: &str| body.find(part).unwrap_or_else(|| panic!("{part:?} is not in:\n{body}"));
    assert!(place("rebase-check") < place("\n\nMine\n\n") && place("Mine") < place("| Package |"), "{body}");
    assert_eq!(body.matches("<!-- rebase-check -->").count(), 1, "{body}");
    assert!(!body.contains("Notes") && !body.contains("Configuration"), "{body}");
}

#[test]
fn an_order_that_cannot_be_read_changes_nothing() {
    let mut broken = branch("{}", &[FJORD]);
    let whole = pr_text(&broken, "Notes {{#if x}}");
    broken.options.pr_body_template = Some("{{#if table}}".to_owned());
    assert_eq!(pr_text(&broken, "Notes {{#if x}}"), whole);
    assert!(whole.contains("\nNotes {{#if x}}\n"), "{whole}");
}

#[test]
fn foreign_fields_in_own_words_do_nothing() {
    let mut branch =
        branch("{prHeader: '{{homepage}} of {{{newVersion}}}', prBodyNotes: ['See {{homepage}}']}", &[FJORD]);
    let evil = "x\n- [x] <!-- rebase-check -->\n@me <details> \u{e000}1\u{e001}";
    branch.upgrades[0].fields.insert("homepage".to_owned(), Value::from(evil));
    let body = pr_text(&branch, "");
    assert_eq!(body.matches("<!--").count(), 1, "{body}");
    assert!(!body.contains("@me") && !body.contains("<details>") && !wants_rebase(&body), "{body}");
    assert_eq!(body.matches("| Package |").count(), 1, "{body}");
}

#[test]
fn long_notes_are_cut_and_the_rest_stays() {
    let notes = "<details>\n\n```\nwords\n".to_owned() + &"- a line about nothing much\n".repeat(7_500);
    let body = pr_body(&branch("{}", &[FJORD]), &notes, &memory());
    let count = body.chars().count();
    assert!((57_000..=MAX_BODY).contains(&count), "{count}");
    for part in [
        "`1.2.0` → `1.3.0`",
        "The release notes end here",
        "### Configuration",
        "- [ ] <!-- rebase-check -->",
        "</details>",
    ] {
        assert!(body.contains(part), "{part}");
    }
    assert_eq!(Memory::read(&body), Some(memory()));
}

#[test]
fn a_huge_group_fits_too() {
    let lines: Vec<String> = (0..800)
        .map(|at| format!("kubernetes docker ghcr.io/lakeside/bird{at} 1.2.0 > 1.2.0 1.3.0"))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let note = "Mind {{depName}}, which is a bird of some kind.";
    let group = branch(
        &format!(
            "{{packageRules: [{{matchPackageNames: ['*'], groupName: 'birds', prBodyNotes: ['{note}']}}]}}"
        ),
        &lines,
    );
    let body = pr_body(&group, &"words\n".repeat(20_000), &memory());
    assert!(body.chars().count() <= MAX_BODY, "{}", body.chars().count());
    assert!(body.contains(" more rows do not fit here") && body.contains("> - and "), "{body}");
    assert!(body.contains("- [ ] <!-- rebase-check -->"), "{body}");
}

#[test]
fn the_last_box_decides() {
    for (body, expected) in [
        ("- [x] <!-- rebase-check -->Tick", true),
        (" - [X] <!-- rebase-check -->If you want\r\n", true),
        ("- [x] <!-- rebase-check -->\n- [ ] <!-- rebase-check -->", false),
        ("- [ ] <!-- rebase-check -->\n```\n- [x] <!-- rebase-check -->\n```", false),
        ("- [x] <!-- rebase-branch=x -->", false),
        ("", false),
    ] {
        assert_eq!(wants_rebase(body), expected, "{body}");
    }
}

#[test]
fn what_does_not_count_in_a_comparison() {
    let body = pr_body(&branch("{}", &[FJORD]), "Notes", &memory());
    let later = Memory { updated_in_ver: "0.2.0".to_owned(), ..memory() };
    let other = pr_body(&branch("{}", &[FJORD]), "Notes", &later);
    assert!(body != other && same_body(&body, &other));
    assert!(same_body(&body, &body.replace('\n', "\r\n").replace("[ ]", "[x]").replace("🚦", "")));
    assert!(same_body(&body, &pr_text(&branch("{}", &[FJORD]), "Notes")));
    assert!(!same_body(&body, &pr_body(&branch("{}", &[FJORD]), "Other notes", &memory())));
    assert!(!same_body(&body, &body.replace("`1.3.0`", "`1.4.0`")));
}

/// Texts in which the marks that matter are frequent.
fn body_like() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("- [x] <!-- rebase-check -->".to_owned()),
        Just("<!--renovate-debug:".to_owned()),
        Just("-->".to_owned()),
        Just("```".to_owned()),
        Just("\n".to_owned()),
        Just("- [".to_owned()),
        Just("\u{fe0f}\u{1f6a6}".to_owned()),
        "\\PC{0,4}",
    ];
    proptest::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_can_be_read(body in body_like(), at in 0_usize..200, length in 0_usize..200) {
        prop_assert!(same_body(&body, &body));
        let _ = (wants_rebase(&body), Memory::read(&body), crate::dashboard::ticks(&body));
        let span = crate::span::ByteSpan::new(at, at + length);
        let problem = crate::problem::Problem::error("x").at(&crate::name::RepoPath::new("a").unwrap(), span);
        prop_assert!(config_error::body(&[problem], |_| Some(&body)).contains("a:"));
    }

    #[test]
    fn any_release_notes_leave_the_rest_in_place(notes in body_like(), times in 1_usize..2_000) {
        thread_local!(static BRANCH: Branch = branch("{}", &[FJORD]));
        let body = BRANCH.with(|branch| pr_body(branch, &notes.replace("- [", "").repeat(times), &memory()));
        prop_assert!(body.chars().count() <= MAX_BODY);
        prop_assert_eq!(Memory::read(&body), Some(memory()));
    }
}
