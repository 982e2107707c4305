//! Which hosts are asked by way of a proxy, so that an error can name the one who did not answer.

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use super::Proxies;

/// The proxies, chosen by the same rules as by the client below, which does not tell.
#[derive(Debug)]
pub(super) struct Routes(Option<Matcher>);

impl Routes {
    pub(super) fn new(proxies: Proxies) -> Self {
        Self(match proxies {
            Proxies::System => Some(Matcher::from_system()),
            Proxies::Direct => None,
        })
    }

    /// Returns the proxy that an address is asked through, as a host with its port and without what opens it; `None` where the host is asked
    /// directly.
    pub(super) fn proxy_of(&self, url: &Url) -> Option<String> {
        let matched = self.0.as_ref()?.intercept(&url.as_str().parse().ok()?)?;
        let proxy = matched.uri();
        let host = proxy.host()?;
        Some(match proxy.port_u16() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Option<&str>) {
        let proxies = Matcher::builder()
            .http("http://proxy.lan:3128")
            .https("http://robot:hunter2@[::1]:8080/x?key=hunter2")
            .no("registry.lan");
        let found = Routes(Some(proxies.build())).proxy_of(&Url::parse(address).unwrap());
        assert_eq!(found.as_deref(), expected, "{address}");
    }

    #[test]
    fn a_proxy_is_named_without_what_opens_it() {
        check("http://packages.example/a b?c", Some("proxy.lan:3128"));
        check("https://packages.example/", Some("[::1]:8080"));
        check("https://registry.lan/v2/", None);
        check("ftp://packages.example/", None);
    }
}
