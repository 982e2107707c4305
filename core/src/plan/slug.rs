//! Names made safe for branches: of dependencies, of groups, and of whole branches.

use crate::changelog::is_invisible;

/// Returns a dependency's name as branches spell it: `@types/node` is `node`, `ghcr.io/home/app` is `ghcr.io-home-app`.
pub fn dep_name_sanitized(name: &str) -> String {
    name.replacen("@types/", "", 1)
        .replacen('@', "", 1)
        .chars()
        .map(
            |character| {
                if matches!(character, '/' | ':') || character.is_whitespace() { '-' } else { character }
            },
        )
        .collect::<String>()
        .to_lowercase()
}

/// Returns a group's name as branches spell it: lower case ASCII with `-` between the words.
///
/// Follows the npm package `slugify`: what is no letter, digit or one of `$*_+~.()'"!-:@` goes, a few signs become words.
pub fn slug(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for character in text.trim().chars() {
        match character {
            '$' => kept.push_str("dollar"),
            '%' => kept.push_str("percent"),
            '&' => kept.push_str("and"),
            '<' => kept.push_str("less"),
            '>' => kept.push_str("greater"),
            '|' => kept.push_str("or"),
            '*' | '_' | '+' | '~' | '.' | '(' | ')' | '\'' | '"' | '!' | '-' | ':' | '@' => {
                kept.push(character);
            }
            _ if character.is_whitespace() => kept.push(' '),
            _ if character.is_ascii_alphanumeric() => kept.push(character),
            _ => kept.push_str(plain_letter(character)),
        }
    }
    let words: Vec<&str> = kept.split(['-', ' ']).filter(|word| !word.is_empty()).collect();
    words.join("-").to_lowercase()
}

/// Returns the ASCII letters for a letter of the Latin, Cyrillic and Greek alphabets, `""` for anything else.
fn plain_letter(character: char) -> &'static str {
    match character.to_lowercase().next().unwrap_or(character) {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ă' | 'ą' | 'ā' | 'а' | 'α' | 'ά' => "a",
        'æ' => "ae",
        'б' | 'β' => "b",
        'ç' | 'ć' | 'č' | 'ц' | 'ћ' => "c",
        'ч' => "ch",
        'ď' | 'ð' | 'д' | 'δ' => "d",
        'đ' | 'ђ' => "dj",
        'џ' => "dz",
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' | 'ē' | 'ė' | 'е' | 'э' | 'ε' | 'έ' => "e",
        'ф' | 'φ' => "f",
        'ğ' | 'ģ' | 'г' | 'ґ' | 'γ' => "g",
        'х' | 'η' | 'ή' => "h",
        // `İ` becomes an `i` and a mark.
        'i' | 'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ĩ' | 'į' | 'ı' | 'и' | 'і' | 'ι' | 'ί' | 'ϊ' | 'ΐ' => {
            "i"
        }
        'й' | 'ј' => "j",
        'ķ' | 'к' | 'κ' => "k",
        'ł' | 'ľ' | 'ļ' | 'л' | 'λ' => "l",
        'љ' => "lj",
        'м' | 'μ' => "m",
        'ñ' | 'ń' | 'ň' | 'ņ' | 'н' | 'ν' => "n",
        'њ' => "nj",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' | 'ơ' | 'о' | 'ο' | 'ό' => "o",
        'œ' => "oe",
        'п' | 'π' => "p",
        'ψ' => "ps",
        'ř' | 'ŕ' | 'р' | 'ρ' => "r",
        'ś' | 'š' | 'ş' | 'ș' | 'с' | 'σ' | 'ς' => "s",
        'ш' | 'щ' => "sh",
        'ß' => "ss",
        'ť' | 'ţ' | 'ț' | 'т' | 'τ' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ű' | 'ů' | 'ũ' | 'ų' | 'ư' | 'у' | 'ъ' => "u",
        'в' => "v",
        'ŵ' | 'ω' | 'ώ' => "w",
        'χ' => "x",
        'ý' | 'ÿ' | 'ŷ' | 'ы' | 'υ' | 'ύ' | 'ϋ' | 'ΰ' => "y",
        'я' => "ya",
        'є' => "ye",
        'ї' => "yi",
        'ё' => "yo",
        'ю' => "yu",
        'ź' | 'ż' | 'ž' | 'з' | 'ζ' => "z",
        'ж' => "zh",
        'ξ' => "3",
        'θ' => "8",
        _ => "",
    }
}

/// How far a branch's name is cleaned: `branchNameStrict`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// What git allows stays.
    Git,
    /// Only letters, digits, `/`, `-` and, in the prefix, what is there stay.
    Strict,
}

/// Returns `name` as a valid and tidy git branch name; `prefix` is its `branchPrefix`.
///
/// Git's rules: see `git check-ref-format`.
pub fn clean_branch_name(name: &str, prefix: &str, strictness: Strictness) -> String {
    let name = match strictness {
        Strictness::Git => name.to_owned(),
        Strictness::Strict => {
            let (head, rest) = name.strip_prefix(prefix).map_or(("", name), |rest| (prefix, rest));
            let plain = |character: char| {
                if character.is_ascii_alphanumeric() || matches!(character, '/' | '-') {
                    character
                } else {
                    '-'
                }
            };
            format!("{head}{}", rest.chars().map(plain).collect::<String>())
        }
    };
    let mut parts = Vec::new();
    for part in name.split('/') {
        let safe: String = part
            .chars()
            .filter(|character| !character.is_whitespace() && !is_invisible(*character))
            .map(|character| if "[]?:\\^~<>*".contains(character) { '-' } else { character })
            .collect();
        let safe = safe.replace("@{", "-");
        let tidy = collapse(&collapse(&safe, '-'), '.');
        let mut tidy = tidy.trim_matches(['-', '.']);
        while let Some(rest) = tidy.strip_suffix(".lock") {
            tidy = rest.trim_end_matches(['-', '.']);
        }
        if !tidy.is_empty() {
            parts.push(tidy.to_owned());
        }
    }
    parts.join("/")
}

/// Returns `text` with each run of `repeated` cut to one.
fn collapse(text: &str, repeated: char) -> String {
    let mut last = None;
    text.chars()
        .filter(|character| {
            let again = last == Some(repeated) && *character == repeated;
            last = Some(*character);
            !again
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sanitizes_names_of_dependencies() {
        for (name, expected) in [
            ("ghcr.io/home-operations/charts/app", "ghcr.io-home-operations-charts-app"),
            ("@types/node", "node"),
            ("@actions/core", "actions-core"),
            ("aqua:cli/cli", "aqua-cli-cli"),
            ("Kubernetes / Views / Global", "kubernetes---views---global"),
        ] {
            assert_eq!(dep_name_sanitized(name), expected, "{name}");
        }
    }

    #[test]
    fn slugs_names_of_groups() {
        for (name, expected) in [
            ("flux operator", "flux-operator"),
            ("Rook  Ceph", "rook-ceph"),
            ("mise tool aqua:cli/cli", "mise-tool-aqua:clicli"),
            ("Größe & Co", "grosse-and-co"),
            ("Медиа Đà", "media-dja"),
            ("Ελλάδα", "ellada"),
            ("external-dns (main)", "external-dns-(main)"),
            ("日本", ""),
        ] {
            assert_eq!(slug(name), expected, "{name}");
        }
    }

    #[track_caller]
    fn check(name: &str, strictness: Strictness, expected: &str) {
        assert_eq!(clean_branch_name(name, "renovate/", strictness), expected);
    }

    #[test]
    fn cleans_names_of_branches() {
        check(
            "renovate/kubernetes---views---global-42.x",
            Strictness::Git,
            "renovate/kubernetes-views-global-42.x",
        );
        check("renovate/a:b~c^d?e*f[g\\h-1.x", Strictness::Git, "renovate/a-b-c-d-e-f-g-h-1.x");
        check("renovate/.hidden-/-x.lock", Strictness::Git, "renovate/hidden/x");
        check("renovate/a..b@{1}", Strictness::Git, "renovate/a.b-1}");
        check("renovate/my app-1.x", Strictness::Git, "renovate/myapp-1.x");
        check("renovate/har\u{1b}[31mb\u{202e}our\u{200b}-1.x", Strictness::Git, "renovate/har-31mbour-1.x");
        check("renovate/ghcr.io-a_b-1.2.x", Strictness::Strict, "renovate/ghcr-io-a-b-1-2-x");
    }

    proptest! {
        #[test]
        fn a_cleaned_name_is_one_git_accepts(name in "[a-z./@{}~^:?*\\[\\] \\\\-]{0,24}") {
            let cleaned = clean_branch_name(&name, "renovate/", Strictness::Git);
            for part in cleaned.split('/').filter(|_| !cleaned.is_empty()) {
                prop_assert!(!part.is_empty() && !part.starts_with('.') && !part.ends_with('.'));
                prop_assert_eq!(part.strip_suffix(".lock"), None);
            }
            let forbidden = ["..", "@{"].iter().any(|bad| cleaned.contains(bad));
            prop_assert!(!forbidden, "{}", cleaned);
            let odd = cleaned.contains([' ', '~', '^', ':', '?', '*', '[', '\\']);
            prop_assert!(!odd, "{}", cleaned);
            prop_assert_eq!(clean_branch_name(&cleaned, "renovate/", Strictness::Git), cleaned);
        }
    }
}
