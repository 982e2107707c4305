//! Versions of Ruby, as the table on its site lists them. <https://www.ruby-lang.org/en/downloads/releases/>

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use updraft_core::name::DatasourceId;
use updraft_core::release::{Release, ReleaseList};
use url::Url;

use super::registry::{Registry, below};

/// ruby-lang.org.
#[derive(Clone, Copy, Debug, Default)]
pub struct RubyVersion;

impl Registry for RubyVersion {
    fn id(&self) -> DatasourceId {
        DatasourceId::RUBY_VERSION
    }

    fn address(&self, registry: Option<&Url>, _: &str) -> Result<Url, String> {
        below(registry, "https://www.ruby-lang.org", &["en", "downloads", "releases", ""])
    }

    fn accept(&self) -> &'static str {
        "text/html"
    }

    fn shape(&self, _: &str) -> String {
        "ruby-version/1".to_owned()
    }

    fn read(&self, document: &[u8], _: &str) -> Result<ReleaseList, String> {
        let page = String::from_utf8_lossy(document);
        let table = page.split_once("release-list").map(|(_, table)| table).unwrap_or_default();
        let table = table.split_once("</table>").map_or(table, |(table, _)| table);
        let releases: Vec<Release> = table.split("<tr").filter_map(row).collect();
        if releases.is_empty() {
            return Err("the page has no table of releases".to_owned());
        }
        Ok(ReleaseList {
            releases,
            source_url: Some("https://github.com/ruby/ruby".to_owned()),
            homepage: Some("https://www.ruby-lang.org".to_owned()),
            ..ReleaseList::default()
        })
    }
}

/// Returns the release of a row: `Ruby 3.4.1` in the first cell, a date in the second.
fn row(text: &str) -> Option<Release> {
    let mut cells = text.split("<td").skip(1).map(|cell| {
        let cell = cell.split_once('>').map_or("", |(_, cell)| cell);
        cell.split('<').next().unwrap_or_default().trim()
    });
    let version = cells.next()?.strip_prefix("Ruby ")?;
    Some(Release { timestamp: cells.next().and_then(midnight), ..Release::of(version) })
}

fn midnight(date: &str) -> Option<Timestamp> {
    let date: Date = date.parse().ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::super::registry::testing::{ask, versions};
    use super::*;

    #[tokio::test]
    async fn a_row_of_the_table_is_a_version() {
        let page = r#"<html><table class="release-list">
            <tr><th>Release Version</th><th>Release Date</th></tr>
            <tr> <td>Ruby 3.4.1</td> <td>2024-12-25</td> <td><a href="/x">more...</a></td> </tr>
            <tr><td>Ruby 3.4.0-rc1</td><td>soon</td></tr>
            </table><table><tr><td>Ruby 9</td></tr></table>"#;
        let list = ask(RubyVersion, "ruby", "/base/en/downloads/releases/", page).await.unwrap();
        assert_eq!(versions(&list), ["3.4.1", "3.4.0-rc1"]);
        assert_eq!(list.releases[0].timestamp, "2024-12-25T00:00:00Z".parse().ok());
        assert_eq!(list.releases[1].timestamp, None);
        assert!(ask(RubyVersion, "ruby", "/base/en/downloads/releases/", "<html>").await.is_err());
    }
}
