//! What a registry says when it does not let us in.

/// One challenge of a `WWW-Authenticate` header: a scheme and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The scheme, in lower case.
    pub scheme: String,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Returns a parameter; its name is compared without regard to case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Returns the challenges of a header, which may hold several. What cannot be read is left out.
/// <https://www.rfc-editor.org/rfc/rfc9110#field.www-authenticate>
pub fn parse(header: &str) -> Vec<Challenge> {
    let mut rest = Rest(header);
    let mut challenges: Vec<Challenge> = Vec::new();
    while rest.skip_separators() {
        let word = rest.token();
        if word.is_empty() {
            // Something that belongs nowhere; go on behind it.
            rest.skip_one();
            continue;
        }
        rest.skip_spaces();
        if rest.skip_equals() {
            let value = rest.value();
            if let Some(challenge) = challenges.last_mut() {
                challenge.parameters.push((word.to_ascii_lowercase(), value));
            }
        } else {
            challenges.push(Challenge { scheme: word.to_ascii_lowercase(), parameters: Vec::new() });
        }
    }
    challenges
}

struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip_separators(&mut self) -> bool {
        self.0 = self.0.trim_start_matches([' ', '\t', ',']);
        !self.0.is_empty()
    }

    fn skip_spaces(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn skip_one(&mut self) {
        let mut letters = self.0.chars();
        letters.next();
        self.0 = letters.as_str();
    }

    /// Skips `=`, but not the padding of a token68 (`Negotiate abc==`), which has no value behind it.
    fn skip_equals(&mut self) -> bool {
        match self.0.strip_prefix('=') {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn token(&mut self) -> &'a str {
        let end = self.0.find([' ', '\t', ',', '=', '"', ';']).unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        token
    }

    fn value(&mut self) -> String {
        self.skip_spaces();
        let Some(quoted) = self.0.strip_prefix('"') else { return self.token().to_owned() };
        let mut value = String::new();
        let mut letters = quoted.chars();
        while let Some(letter) = letters.next() {
            match letter {
                '"' => break,
                '\\' => value.extend(letters.next()),
                other => value.push(other),
            }
        }
        self.0 = letters.as_str();
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, expected: &[(&str, &[(&str, &str)])]) {
        let parsed = parse(header);
        let parsed: Vec<(&str, Vec<(&str, &str)>)> = parsed
            .iter()
            .map(|challenge| {
                let parameters =
                    challenge.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
                (challenge.scheme.as_str(), parameters.collect())
            })
            .collect();
        let expected: Vec<_> = expected.iter().map(|(scheme, pairs)| (*scheme, pairs.to_vec())).collect();
        assert_eq!(parsed, expected, "{header}");
    }

    #[test]
    fn challenges_are_read_in_every_spelling() {
        check(
            r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
            &[(
                "bearer",
                &[
                    ("realm", "https://auth.docker.io/token"),
                    ("service", "registry.docker.io"),
                    ("scope", "repository:a/b:pull,push"),
                ],
            )],
        );
        check("BASIC Realm = \"x\\\"y\"", &[("basic", &[("realm", "x\"y")])]);
        check(
            "bearer realm=https://a.org/t , service=s",
            &[("bearer", &[("realm", "https://a.org/t"), ("service", "s")])],
        );
        check(
            r#"Negotiate, Basic realm="a", Bearer realm="b""#,
            &[("negotiate", &[]), ("basic", &[("realm", "a")]), ("bearer", &[("realm", "b")])],
        );
    }

    #[test]
    fn nonsense_is_not_a_challenge_and_does_no_harm() {
        check("", &[]);
        check(",,, ", &[]);
        check("=====", &[]);
        check("realm=\"x", &[]);
        check("Bearer realm=\"unfinished\\", &[("bearer", &[("realm", "unfinished")])]);
        check("\"\"\"", &[]);
        check("Bearer ü=é", &[("bearer", &[("ü", "é")])]);
    }
}
