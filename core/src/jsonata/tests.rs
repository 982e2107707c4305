use serde_json::json;

use super::*;

#[track_caller]
fn check(expression: &str, expected: &Value) {
    let input = json!({
        "name": "app",
        "count": 3,
        "tags": ["v1", "v2"],
        "one": ["only"],
        "none": [],
        "nothing": null,
        "latest": { "release": "1.21.5", "type": "release" },
        "versions": [
            { "id": "1.21.5", "type": "release", "time": "2025-03-25T12:00:00+00:00" },
            { "id": "25w14a", "type": "snapshot", "time": "2025-04-01T12:00:00+00:00" },
            { "id": "1.21.4", "type": "release", "time": "2024-12-03T10:00:00+00:00" },
        ],
        "odd name": { "x-y": 1 },
        "sourceUrl": "https://codeberg.org/a/b",
        "isLockfileUpdate": false,
    });
    let found = Expression::parse(expression).and_then(|parsed| parsed.evaluate(&input));
    let expected = if *expected == json!("<nothing>") { None } else { Some(expected.clone()) };
    assert_eq!(found, Ok(expected), "{expression}");
}

#[test]
fn paths_map_and_filter() {
    check("name", &json!("app"));
    check("latest.release", &json!("1.21.5"));
    check("versions.id", &json!(["1.21.5", "25w14a", "1.21.4"]));
    check("versions[type='release'].id", &json!(["1.21.5", "1.21.4"]));
    check("versions[type='snapshot'].id", &json!("25w14a"));
    check("versions[type='snapshot'].id[]", &json!(["25w14a"]));
    check("versions[0].id", &json!("1.21.5"));
    check("versions[-1].id", &json!("1.21.4"));
    check("versions[[0..1]].id", &json!(["1.21.5", "25w14a"]));
    check("tags[1]", &json!("v2"));
    check("tags[9]", &json!("<nothing>"));
    check("missing.deeper", &json!("<nothing>"));
    check("one", &json!(["only"]));
    check("`odd name`.`x-y`", &json!(1));
    check("'odd name'.'x-y'", &json!(1));
    check("latest.*", &json!(["1.21.5", "release"]));
    check("$count(**.id)", &json!(3));
}

#[test]
fn makes_lists_and_objects() {
    check(
        "{'releases': [versions.{'version': id}]}",
        &json!({"releases": [{"version": "1.21.5"}, {"version": "25w14a"}, {"version": "1.21.4"}]}),
    );
    check("[tags.{\"version\": $}]", &json!([{"version": "v1"}, {"version": "v2"}]));
    check(
        "{\"releases\":[{\"version\": $string(count)}], \"sourceDirectory\": name}",
        &json!({"releases": [{"version": "3"}], "sourceDirectory": "app"}),
    );
    check("{'a': missing, 'b': null}", &json!({"b": null}));
    check("[1..3, 5]", &json!([1, 2, 3, 5]));
    check("[[1, 2], 3]", &json!([[1, 2], 3]));
    check("[missing]", &json!([]));
    check("versions{type: $count(id)}", &json!({"release": 2, "snapshot": 1}));
    check(
        "versions.[id, type]",
        &json!([["1.21.5", "release"], ["25w14a", "snapshot"], ["1.21.4", "release"]]),
    );
}

#[test]
fn functions_of_functions() {
    check(
        "$map($filter(versions, function($v){ $v.type = 'release' }), function($v){ {'version': $v.id, 'releaseTimestamp': $v.time} })",
        &json!([{"version": "1.21.5", "releaseTimestamp": "2025-03-25T12:00:00+00:00"}, {"version": "1.21.4", "releaseTimestamp": "2024-12-03T10:00:00+00:00"}]),
    );
    check("$map(tags, function($t, $i){ $t & '-' & $i })", &json!(["v1-0", "v2-1"]));
    check("$reduce([1, 2, 3], function($a, $b){ $a + $b }, 10)", &json!(16));
    check("$sort([3, 1, 2])", &json!([1, 2, 3]));
    check("$sort(versions, function($l, $r){ $l.id > $r.id }).id", &json!(["1.21.4", "1.21.5", "25w14a"]));
    check("($double := function($x){ $x * 2 }; $double(count))", &json!(6));
    check("($f := function($n){ $n <= 1 ? 1 : $n * $f($n - 1) }; $f(5))", &json!(120));
    check("$each(latest, function($v, $k){ $k & '=' & $v })", &json!(["release=1.21.5", "type=release"]));
    check("tags ~> $count()", &json!(2));
    check("name ~> $uppercase", &json!("APP"));
}

#[test]
fn operators() {
    check("1 + 2 * 3 - 4 / 2", &json!(5));
    check("7 % 4", &json!(3));
    check("-count", &json!(-3));
    check("name & '-' & count & missing", &json!("app-3"));
    check("count > 2 and name = 'app' or false", &json!(true));
    check("name != 'x' and 'v1' in tags", &json!(true));
    check("missing = missing", &json!(false));
    check("nothing = null", &json!(true));
    check("count >= 4 ? 'many' : 'few'", &json!("few"));
    check("count > 9 ? 'many'", &json!("<nothing>"));
    check("'a' < 'b'", &json!(true));
}

#[test]
fn the_library() {
    check("$substring('hello', 1, 3)", &json!("ell"));
    check("$substring('hello', -3)", &json!("llo"));
    check("$substringBefore('1.2-3', '-') & $substringAfter('1.2-3', '-')", &json!("1.23"));
    check("$replace('v1.2', /^v/, '')", &json!("1.2"));
    check("$replace('a-b', /(\\w)-(\\w)/, '$2$1x')", &json!("bax"));
    check("$split('a,b', ',')", &json!(["a", "b"]));
    check("$join(tags, '+')", &json!("v1+v2"));
    check("$contains(name, /^A/i)", &json!(true));
    check("$match('a1b22', /[0-9]+/).match", &json!(["1", "22"]));
    check("$match('v1.2', /^v(\\d+)/).groups[0]", &json!("1"));
    check("$not($exists(missing)) and $boolean(tags)", &json!(true));
    check("$sum([1, 2, 3]) + $max([1, 9]) + $min([4, 2]) + $average([2, 4])", &json!(20));
    check("$keys(latest)", &json!(["release", "type"]));
    check("$merge([{'a': 1}, {'b': 2, 'a': 3}])", &json!({"a": 3, "b": 2}));
    check("$lookup(latest, 'type')", &json!("release"));
    check("$distinct([1, 2, 1])", &json!([1, 2]));
    check("$reverse(tags)", &json!(["v2", "v1"]));
    check("$append(tags, 'v3')", &json!(["v1", "v2", "v3"]));
    check("$number('12.5') + $floor(1.9) + $round(2.5)", &json!(15.5));
    check("tags.$uppercase()", &json!(["V1", "V2"]));
    check("$type(tags) & $type(1) & $length(name)", &json!("arraynumber3"));
    check("$trim('  a  b ')", &json!("a b"));
    check("$fromMillis(1742904000000)", &json!("2025-03-25T12:00:00.000Z"));
    check("$toMillis('2025-03-25T12:00:00Z')", &json!(1_742_904_000_000_i64));
    check("$detectPlatform(sourceUrl) = 'forgejo'", &json!(true));
    check("isLockfileUpdate = true", &json!(false));
    check("/* remark */ $string({'a': [1, 'x']})", &json!("{\"a\":[1,\"x\"]}"));
}

#[test]
fn says_what_is_wrong() {
    for (expression, word) in [
        ("", "the end"),
        ("a.", "the end"),
        ("(1", "`)` is expected"),
        ("{'a' 1}", "`:` is expected"),
        ("'abc", "not closed"),
        ("/a", "not closed"),
        ("a ^ (b)", "not supported"),
        ("1 := 2", "only a variable"),
        ("$match('a', /(/)", "unclosed group"),
    ] {
        let error = Expression::parse(expression).unwrap_err().to_string();
        assert!(error.contains(word), "{expression}: {error}");
    }
    for (expression, word) in [
        ("1 + 'a'", "calculated"),
        ("$nothing(1)", "called"),
        ("1 < 'a'", "compared"),
        ("$number('x')", "no number"),
    ] {
        let error = Expression::parse(expression).unwrap().evaluate(&json!({})).unwrap_err().to_string();
        assert!(error.contains(word), "{expression}: {error}");
    }
}

#[test]
fn a_hostile_expression_is_stopped() {
    let nested = "(".repeat(5000);
    assert!(Expression::parse(&nested).is_err());
    assert!(Expression::parse(&"[".repeat(5000)).is_err());
    assert!(Expression::parse(&"-".repeat(5000)).is_err());
    assert!(Expression::parse(&format!("a{}", ".a".repeat(20_000))).unwrap().evaluate(&json!({})).is_ok());
    let deep = format!("($f := function($x){{ {}$f($x){} }}; $f(1))", "(".repeat(50), ")".repeat(50));
    for expression in [
        deep.as_str(),
        "($f := function($x){ [[[[{'a': {'b': {'c': $map([1], $f)}}}]]]] }; $f(1))",
        "($f := function($x){ $f($x) }; $f(1))",
        "[1..100000].[1..100000]",
        "[1..1000000000]",
        "($f := function($s, $n){ $n > 0 ? $f($s & $s, $n - 1) : $s }; $f('xxxxxxxxxx', 90))",
        "$map([1..100000], function($x){ $map([1..100000], function($y){ $y }) })",
    ] {
        assert!(Expression::parse(expression).unwrap().evaluate(&json!({})).is_err(), "{expression}");
    }
}

/// Each would take the memory or the time of the machine, or its stack, if only its steps were counted.
#[test]
fn a_small_expression_makes_no_large_value() {
    let twice = "$f := function($o, $n){ $n = 0 ? $o : $f({'a': $o, 'b': $o}, $n - 1) }";
    for expression in [
        "($f := function($s, $n){ $n = 0 ? $s : $f($join([$s, $s]), $n - 1) }; $f('a', 40))".to_owned(),
        "($f := function($s, $n){ $n = 0 ? $s : $f($join(['', ''], $s & $s), $n - 1) }; $f('a', 40))"
            .to_owned(),
        "($f := function($s, $n){ $n = 0 ? $s : $f($replace($s, 'a', $s), $n - 1) }; $f('aaaa', 9))"
            .to_owned(),
        "($f := function($s, $n){ $n = 0 ? $s : $f($replace($s, /a/, $s), $n - 1) }; $f('aaaa', 9))"
            .to_owned(),
        format!("({twice}; $f({{'x': 1}}, 60))"),
        format!("({twice}; $string($f({{'x': 1}}, 60)))"),
        format!(
            "({twice}; $f(1, 18) = $f(1, 18) and $f(1, 18) = $f(1, 18) and [1..2000].($f(1, 18) = $f(1, 18)))"
        ),
        format!("({twice}; $x := $f(1, 18); [1..100000].($x and false))"),
        "$reduce([1..50000], function($a, $b){ {'a': $a} })".to_owned(),
        "$count($reduce([1..50000], function($a, $b){ {'a': $a} }))".to_owned(),
        "$reduce([1..50000], function($a, $b){ [[$a]] })".to_owned(),
        "($l := [1..100000].{'a': $}; $map($l, function($x){ $l }).a)".to_owned(),
        "($l := [1..100000]; $map($l, function($x){ $l ? 1 : 2 }))".to_owned(),
        "($s := $join([1..99999], ' '); $map([1..99999], function($x){ $match($s, /(((.*)))/) }))".to_owned(),
    ] {
        let result = Expression::parse(&expression).unwrap().evaluate(&json!({}));
        assert!(result.is_err(), "{expression}");
    }
}

#[test]
fn a_rule_is_decided_in_few_steps() {
    let expression = |text: &str| Expression::parse(text).unwrap();
    assert_eq!(expression("$count([1..1000][$ > 10]) > 5").holds(&json!({})), Ok(true));
    let long = expression("$count([1..9000].($ + 1 + 2 + 3)) > 5");
    assert!(long.evaluate(&json!({})).is_ok() && long.holds(&json!({})).is_err());
}

/// Functions hold functions, which nothing counts: they only must not end the process.
#[test]
fn a_chain_of_functions_ends_as_it_began() {
    for expression in [
        "$reduce([1..60000], function($f, $b){ function(){ $f } }) ? 1 : 2",
        "$reduce([1..60000], function($f, $b){ ($g := function(){ $x }; $l := [$g]; $x := $f; $l) }) ? 1 : 2",
        "$reduce([1..60000], function($f, $b){ [function(){ $f }] }) ? 1 : 2",
    ] {
        check(expression, &json!(2));
    }
}

#[test]
fn a_large_reply_is_no_large_value() {
    let versions: Vec<_> =
        (0..60_000).map(|at| json!({"version": at, "digest": "0123456789abcdef"})).collect();
    let input = json!({"versions": versions});
    let expression = Expression::parse("{'releases': versions.{'version': $string(version)}}").unwrap();
    let releases = expression.evaluate(&input).unwrap().unwrap();
    assert_eq!(releases["releases"].as_array().unwrap().len(), 60_000);
    assert!(Expression::parse("$$").unwrap().evaluate(&input).unwrap().unwrap() == input);
}
