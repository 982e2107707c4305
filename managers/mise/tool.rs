//! The key of a tool: `backend:name[option=value,...]`.

/// A key of `[tools]`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tool<'a> {
    /// The key without its options.
    pub(super) full: &'a str,
    /// What stands before the first colon; `None` for a short name.
    pub(super) backend: Option<&'a str>,
    /// What stands behind it.
    pub(super) name: &'a str,
    /// What stands in the brackets behind the name.
    options: &'a str,
}

impl<'a> Tool<'a> {
    /// Takes a key apart; everything is one, however odd.
    pub(super) fn parse(key: &'a str) -> Self {
        let key = key.trim();
        let (full, options) = key
            .strip_suffix(']')
            .and_then(|rest| rest.split_once('['))
            .map_or((key, ""), |(full, options)| (full.trim_end(), options));
        let (backend, name) = match full.split_once(':') {
            Some((backend, name)) => (Some(backend), name),
            None => (None, full),
        };
        Self { full, backend, name, options }
    }

    /// Returns what the key would be as a short name.
    pub(super) fn without_backend(&self) -> Self {
        Self { full: self.name, backend: None, ..self.clone() }
    }

    /// Returns an option's value.
    pub(super) fn option(&self, name: &str) -> Option<&'a str> {
        self.options.split(',').find_map(|option| {
            let (option, value) = option.split_once('=')?;
            (option.trim() == name).then(|| value.trim().trim_matches(['"', '\'']))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Tool;

    #[track_caller]
    fn check(key: &str, full: &str, backend: Option<&str>, name: &str, exe: Option<&str>) {
        let tool = Tool::parse(key);
        assert_eq!(
            (tool.full, tool.backend, tool.name, tool.option("exe")),
            (full, backend, name, exe),
            "{key}"
        );
    }

    #[test]
    fn a_key_is_backend_name_and_options() {
        check("node", "node", None, "node", None);
        check("npm:@scope/name", "npm:@scope/name", Some("npm"), "@scope/name", None);
        check("ubi:o/n[exe=rg]", "ubi:o/n", Some("ubi"), "o/n", Some("rg"));
        check("ubi:o/n[a=1, exe = \"rg\"]", "ubi:o/n", Some("ubi"), "o/n", Some("rg"));
        check(
            "pipx:git+https://h/o/n.git",
            "pipx:git+https://h/o/n.git",
            Some("pipx"),
            "git+https://h/o/n.git",
            None,
        );
        check("pipx:n[extra]", "pipx:n", Some("pipx"), "n", None);
        check("a[", "a[", None, "a[", None);
        check("", "", None, "", None);
        check(":", ":", Some(""), "", None);
    }
}
