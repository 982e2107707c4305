//! Reads an index line by line as it arrives, in the layout that Helm and most other tools write.
//!
//! An index of tens of megabytes is mostly descriptions, annotations and charts nobody asked for. This reader looks
//! at the indentation of each line, keeps the few fields it needs of the charts it was asked for, one version at a
//! time, and hands those to the YAML parser. At the first line it is not sure of, it says so
//! ([`IndexError::Layout`]), and the reader of events does the work instead.

use std::collections::BTreeSet;

use super::events::read_entry;
use super::index::{Chart, Index, IndexError, MOST_CHANGES};

/// The longest line, in bytes.
const MAX_LINE: usize = 1024 * 1024;
/// The most that is kept of one version while it is read, in bytes.
const MAX_ENTRY: usize = 256 * 1024;
/// The fields that are kept of a version.
const KEPT: &[&str] = &["version", "created", "deprecated", "home", "sources", "urls"];
/// One more that is kept of the first few versions, as long as it is small: the changes are in it.
const ANNOTATIONS: &[u8] = b"annotations";
/// The most that is kept of the annotations of one version, in bytes.
const MAX_ANNOTATIONS: usize = 64 * 1024;

/// Where in the index the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Before the first key.
    Start,
    /// Among keys other than `entries`.
    Before,
    /// Under `entries:`, whose keys stand at this indentation, once it is known.
    Entries(Option<usize>),
    /// Behind `entries`: nothing there is of interest.
    After,
}

/// A reader of an index that arrives in pieces.
#[derive(Debug)]
pub struct LineReader<'a> {
    wanted: &'a BTreeSet<String>,
    index: Index,
    place: Place,
    /// The start of a line whose end is still to come.
    partial: Vec<u8>,
    /// The lines read so far.
    line: usize,
    open: Option<OpenChart>,
    peak: usize,
}

/// A wanted chart whose end is still to come.
#[derive(Debug, Default)]
struct OpenChart {
    name: String,
    chart: Chart,
    /// Where the dashes of its versions stand.
    dash_indent: Option<usize>,
    version: Option<OpenVersion>,
}

/// A version whose end is still to come.
#[derive(Debug, Default)]
struct OpenVersion {
    /// Where its keys stand.
    key_indent: Option<usize>,
    /// The lines of the fields that are kept.
    text: String,
    keeping: Keeping,
    /// Whether its annotations are kept.
    annotations: Keeping,
    /// Where they begin in the text, while they are read.
    annotations_at: Option<usize>,
}

/// Whether the lines under the last key are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Keeping {
    #[default]
    No,
    Yes,
}

impl<'a> LineReader<'a> {
    /// Returns a reader that keeps the charts in `wanted`.
    pub fn new(wanted: &'a BTreeSet<String>) -> Self {
        Self {
            wanted,
            index: Index::default(),
            place: Place::Start,
            partial: Vec::new(),
            line: 0,
            open: None,
            peak: 0,
        }
    }

    /// Reads the next piece.
    ///
    /// # Errors
    /// Returns [`IndexError::Layout`] when only the reader of events can tell, and what is wrong otherwise.
    pub fn feed(&mut self, mut piece: &[u8]) -> Result<(), IndexError> {
        // A carriage return alone ends a line, too, to YAML; nobody writes such an index.
        let mut returns = memchr::memchr_iter(b'\r', piece);
        let is_alone = |at: usize| piece.get(at + 1).is_some_and(|next| *next != b'\n');
        let was_last = self.partial.last() == Some(&b'\r');
        if returns.any(is_alone) || (was_last && piece.first().is_some_and(|next| *next != b'\n')) {
            return Err(self.layout());
        }
        while let Some(end) = memchr::memchr(b'\n', piece) {
            let (line, rest) = piece.split_at(end);
            if self.partial.is_empty() {
                self.read(line)?;
            } else {
                let mut whole = std::mem::take(&mut self.partial);
                whole.extend_from_slice(line);
                self.read(&whole)?;
                whole.clear();
                self.partial = whole;
            }
            piece = rest.get(1..).unwrap_or_default();
        }
        if self.partial.len() + piece.len() > MAX_LINE {
            return Err(IndexError::TooLong { line: self.line + 1 });
        }
        self.partial.extend_from_slice(piece);
        let kept =
            self.open.as_ref().and_then(|open| open.version.as_ref()).map_or(0, |open| open.text.len());
        self.peak = self.peak.max(self.partial.len() + kept);
        Ok(())
    }

    /// Returns what was kept, after the last piece.
    ///
    /// # Errors
    /// As [`LineReader::feed`].
    pub fn finish(mut self) -> Result<Index, IndexError> {
        let rest = std::mem::take(&mut self.partial);
        self.read(&rest)?;
        self.close_chart()?;
        match self.place {
            Place::Start | Place::Before => Err(IndexError::NoEntries),
            Place::Entries(_) | Place::After => Ok(self.index),
        }
    }

    /// Returns the most bytes of the index that were held at once, what was kept for good left out.
    pub fn peak(&self) -> usize {
        self.peak
    }

    fn layout(&self) -> IndexError {
        IndexError::Layout { line: self.line }
    }

    fn read(&mut self, line: &[u8]) -> Result<(), IndexError> {
        self.line += 1;
        if line.len() > MAX_LINE {
            return Err(IndexError::TooLong { line: self.line });
        }
        let indent = line.iter().position(|byte| *byte != b' ').unwrap_or(line.len());
        let rest = line.get(indent..).unwrap_or_default().trim_ascii_end();
        if self.place == Place::After {
            return Ok(());
        }
        if matches!(rest.first(), None | Some(b'#')) {
            // It may belong to a text of several lines.
            let version = self.open.as_mut().and_then(|open| open.version.as_mut());
            return version.map_or(Ok(()), |version| version.keep(indent, rest, self.line));
        }
        match self.place {
            Place::Entries(at) => self.under_entries(at, indent, rest),
            _ => self.before_entries(indent, rest),
        }
    }

    fn before_entries(&mut self, indent: usize, rest: &[u8]) -> Result<(), IndexError> {
        if indent > 0 || is_dash(rest) {
            // The value of a key before `entries`; a document that is indented as a whole is somebody else's work.
            return if self.place == Place::Before { Ok(()) } else { Err(self.layout()) };
        }
        if rest == b"---" && self.place == Place::Start {
            return Ok(());
        }
        let (key, value) = key_and_value(rest).ok_or_else(|| self.layout())?;
        self.place = Place::Before;
        if key == b"entries" {
            self.place = match value {
                b"" => Place::Entries(None),
                b"{}" | b"null" | b"~" => Place::After,
                _ => return Err(self.layout()),
            };
        }
        Ok(())
    }

    fn under_entries(&mut self, at: Option<usize>, indent: usize, rest: &[u8]) -> Result<(), IndexError> {
        if indent == 0 {
            let ends = key_and_value(rest).is_some() || rest == b"---" || rest == b"...";
            if !ends {
                return Err(self.layout());
            }
            self.place = Place::After;
            return self.close_chart();
        }
        let at = at.unwrap_or(indent);
        self.place = Place::Entries(Some(at));
        if indent < at {
            return Err(self.layout());
        }
        if indent == at && !is_dash(rest) {
            return self.open_chart(rest);
        }
        let line = self.line;
        match &mut self.open {
            None => Ok(()),
            Some(open) => open.read(indent, rest, line),
        }
    }

    fn open_chart(&mut self, rest: &[u8]) -> Result<(), IndexError> {
        self.close_chart()?;
        let (name, value) = key_and_value(rest).ok_or_else(|| self.layout())?;
        let name = std::str::from_utf8(name).map_err(|_| self.layout())?;
        self.index.name(name);
        if self.wanted.contains(name) {
            if !matches!(value, b"" | b"[]" | b"null" | b"~") {
                return Err(self.layout());
            }
            self.open = Some(OpenChart { name: name.to_owned(), ..OpenChart::default() });
        }
        Ok(())
    }

    fn close_chart(&mut self) -> Result<(), IndexError> {
        if let Some(mut open) = self.open.take() {
            open.close_version(self.line)?;
            self.index.charts.insert(open.name, open.chart);
        }
        Ok(())
    }
}

impl OpenChart {
    fn read(&mut self, indent: usize, rest: &[u8], line: usize) -> Result<(), IndexError> {
        let layout = IndexError::Layout { line };
        let dash = is_dash(rest);
        let dash_indent = match self.dash_indent {
            None if dash => indent,
            Some(at) => at,
            None => return Err(layout),
        };
        self.dash_indent = Some(dash_indent);
        if indent == dash_indent && dash {
            self.close_version(line)?;
            let is_among_first = self.chart.releases.len() < MOST_CHANGES;
            let annotations = if is_among_first { Keeping::Yes } else { Keeping::No };
            let mut version = OpenVersion { annotations, ..OpenVersion::default() };
            let content = rest.get(1..).unwrap_or_default();
            let spaces = content.iter().position(|byte| *byte != b' ').unwrap_or(content.len());
            if let Some(content) = content.get(spaces..).filter(|content| !content.is_empty()) {
                version.read(indent + 1 + spaces, content, line)?;
            }
            self.version = Some(version);
            return Ok(());
        }
        if indent <= dash_indent {
            return Err(layout);
        }
        self.version.as_mut().ok_or(layout)?.read(indent, rest, line)
    }

    fn close_version(&mut self, line: usize) -> Result<(), IndexError> {
        let Some(version) = self.version.take().filter(|version| !version.text.is_empty()) else {
            return Ok(());
        };
        // What the small text does not tell (an anchor elsewhere, a quote that never ends), the whole may.
        self.chart.add(read_entry(&version.text).map_err(|_| IndexError::Layout { line })?);
        Ok(())
    }
}

impl OpenVersion {
    fn read(&mut self, indent: usize, rest: &[u8], line: usize) -> Result<(), IndexError> {
        let key_indent = *self.key_indent.get_or_insert(indent);
        if indent < key_indent {
            return Err(IndexError::Layout { line });
        }
        if indent == key_indent && !is_dash(rest) {
            let (key, _) =
                key_and_value(rest).filter(|(key, _)| *key != b"<<").ok_or(IndexError::Layout { line })?;
            let is_annotations = key == ANNOTATIONS && self.annotations == Keeping::Yes;
            let kept = is_annotations || KEPT.iter().any(|kept| kept.as_bytes() == key);
            self.keeping = if kept { Keeping::Yes } else { Keeping::No };
            self.annotations_at = is_annotations.then_some(self.text.len());
        }
        self.keep(indent, rest, line)
    }

    /// Adds a line to what is kept, if the key it stands under is.
    fn keep(&mut self, indent: usize, rest: &[u8], line: usize) -> Result<(), IndexError> {
        if self.keeping == Keeping::Yes {
            if let Some(at) = self.annotations_at
                && self.text.len() - at + indent + rest.len() > MAX_ANNOTATIONS
            {
                self.text.truncate(at);
                self.keeping = Keeping::No;
                self.annotations_at = None;
                return Ok(());
            }
            if self.text.len() + indent + rest.len() > MAX_ENTRY {
                return Err(IndexError::TooLong { line });
            }
            self.text.extend(std::iter::repeat_n(' ', indent));
            self.text.push_str(&String::from_utf8_lossy(rest));
            self.text.push('\n');
        }
        Ok(())
    }
}

fn is_dash(rest: &[u8]) -> bool {
    rest == b"-" || rest.starts_with(b"- ")
}

/// Takes `key: value` apart; the value has no comment. `None`: a key that only a parser can read.
fn key_and_value(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (key, after) = match rest.first()? {
        quote @ (b'"' | b'\'') => {
            let inner = rest.get(1..)?;
            let end = memchr::memchr(*quote, inner)?;
            let (key, after) = inner.split_at(end);
            let after = after.get(1..)?.trim_ascii_start().strip_prefix(b":")?;
            if memchr::memchr(b'\\', key).is_some() {
                return None;
            }
            (key, after)
        }
        b'?' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' | b'[' | b']' | b'{' | b'}' | b','
        | b'#' | b'\t' => {
            return None;
        }
        _ => {
            let end = memchr::memchr_iter(b':', rest)
                .find(|at| matches!(rest.get(at + 1), None | Some(b' ' | b'\t')))?;
            let (key, after) = rest.split_at(end);
            if key.is_empty() || key.windows(2).any(|pair| pair == b" #") {
                return None;
            }
            (key.trim_ascii_end(), after.get(1..)?)
        }
    };
    let value = after.trim_ascii();
    if value.starts_with(b"#") {
        return Some((key, b""));
    }
    let end = value.windows(2).position(|pair| pair == b" #").unwrap_or(value.len());
    Some((key, value.get(..end)?.trim_ascii_end()))
}

#[cfg(test)]
mod tests {
    use super::super::events::read_index;
    use super::*;

    const HELM: &str = r#"apiVersion: v1
entries:
  a:
  - annotations:
      version: 9.9.9
      artifacthub.io/changes: |
        - kind: added
          version: 8.8.8
    apiVersion: v2
    created: "2024-01-02T03:04:05.678Z"
    description: a chart that is
      described at length
    digest: 99c76e403d752c84ead610644d4b1c2f2b453a74b921f422b9dcb8a7c8b559cd
    home: https://example.org
    name: a
    sources:
    - https://github.com/o/a
    - https://github.com/o/b
    urls:
      - https://example.org/a-1.20.tgz
    version: 1.20
  - apiVersion: v2
    deprecated: true
    version: "0.9.0" # the first

  b:
  - version: 3.0.0
    description: "a: b"
  "c": []
generated: "2024-01-02T03:04:05Z"
serverInfo: {}
"#;

    fn wanted() -> BTreeSet<String> {
        BTreeSet::from(["a".to_owned(), "c".to_owned(), "missing".to_owned()])
    }

    fn read(text: &str) -> Result<Index, IndexError> {
        let wanted = wanted();
        let mut reader = LineReader::new(&wanted);
        for piece in text.as_bytes().chunks(7) {
            reader.feed(piece)?;
        }
        reader.finish()
    }

    #[track_caller]
    fn check_same_as_events(text: &str) -> Index {
        let by_lines = read(text).unwrap();
        let by_events = read_index(std::iter::once(text.as_bytes().to_vec()), &wanted()).unwrap();
        let strip = |index: &Index| serde_json::to_value(index).unwrap();
        assert_eq!(strip(&by_lines), strip(&by_events));
        by_lines
    }

    #[test]
    fn reads_what_helm_writes() {
        let index = check_same_as_events(HELM);
        let chart = &index.charts["a"];
        let versions: Vec<&str> = chart.releases.iter().map(|release| release.version.as_str()).collect();
        assert_eq!(versions, ["1.20", "0.9.0"]);
        assert_eq!(chart.sources, ["https://github.com/o/a", "https://github.com/o/b"]);
        assert_eq!(chart.urls, ["https://example.org/a-1.20.tgz"]);
        assert_eq!(chart.changes["1.20"], "- kind: added\n  version: 8.8.8\n");
        assert!(chart.releases[1].is_deprecated);
        assert_eq!(chart.releases[0].timestamp.unwrap().to_string(), "2024-01-02T03:04:05.678Z");
        assert!(index.charts["c"].releases.is_empty());
        assert_eq!(index.names.iter().collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn reads_other_indentations_and_line_breaks() {
        check_same_as_events(&HELM.replace('\n', "\r\n"));
        check_same_as_events(
            "---\n# c\nentries:\n    a:\n      -   version: 1\n          created: x\n      -\n        version: 2\n",
        );
        check_same_as_events("entries:\n a:\n - urls:\n   - x\n   version: 1\n - version: 2");
        check_same_as_events(
            "entries: # all\n  a: # one\n  - version: 1\n---\nentries:\n  c:\n  - version: 2\n",
        );
        check_same_as_events("entries: {}\n");
        check_same_as_events("x:\n- a\ny:\n  entries:\n    a: 1\nentries:\n");
    }

    #[test]
    fn hands_what_it_is_not_sure_of_to_the_parser() {
        for text in [
            "entries: {a: [{version: 1}]}\n",
            "  entries:\n    a:\n",
            "entries:\n  a: [{version: 1}]\n",
            "entries:\n  a: &x\n  - version: 1\n",
            "entries:\n  a:\n  - {version: 1}\n",
            "entries:\n  a:\n  - version: *x\n",
            "entries:\n  a:\n  - <<: *x\n    version: 1\n",
            "entries:\n  a:\n  - version: 1\n created: x\n",
            "entries:\n  a:\n  - #one: 1\n     version: 1\n",
            "entries:\n  a:\n  - home: 'x\n    version: 1\n",
            "entries:\n  ? a\n  : - version: 1\n",
            "entries:\n- a\n",
            "hello\n",
        ] {
            assert!(matches!(read(text), Err(IndexError::Layout { .. })), "{text} {:?}", read(text));
        }
    }

    /// Whatever the lines say, the events say too; what they are not sure of is for the events alone.
    #[test]
    fn never_says_otherwise_than_the_parser() {
        let mut random = fastrand::Rng::with_seed(7);
        let pieces = [
            "\n", " ", "  ", "- ", ": ", "#", " #", "'", "\"", "|", ">", "&x ", "*x", "{", "}", "[", "]",
            ",", "?", "\t", "entries:", "---\n", "~", "<<", "!t ",
        ];
        let mut understood = 0;
        for _ in 0..1_000 {
            let mut text = HELM.to_owned();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(0..text.len());
                match random.u8(0..4) {
                    0 => text.replace_range(at..=at, ""),
                    1 => text.insert_str(at, pieces[random.usize(0..pieces.len())]),
                    2 => {
                        let mut lines: Vec<&str> = text.lines().collect();
                        let line = lines.remove(random.usize(0..lines.len()));
                        lines.insert(random.usize(0..=lines.len()), line);
                        text = lines.join("\n");
                    }
                    _ => {
                        let mut lines: Vec<&str> = text.lines().collect();
                        lines.remove(random.usize(0..lines.len()));
                        text = lines.join("\n");
                    }
                }
            }
            if let Ok(by_lines) = read(&text) {
                let by_events = read_index(std::iter::once(text.as_bytes().to_vec()), &wanted());
                // A fault in what is passed over is not seen, and does no harm.
                let Ok(by_events) = by_events else { continue };
                understood += 1;
                let (one, other) =
                    (serde_json::to_value(&by_lines).unwrap(), serde_json::to_value(&by_events).unwrap());
                assert_eq!(one, other, "{text}");
            }
        }
        assert!(understood > 100, "{understood}");
    }

    #[test]
    fn a_file_without_entries_is_no_index() {
        assert_eq!(read(""), Err(IndexError::NoEntries));
        assert_eq!(read("apiVersion: v1\nmessage: not found\n"), Err(IndexError::NoEntries));
    }

    #[test]
    fn holds_one_version_at_a_time_of_a_large_index() {
        let wanted = BTreeSet::from(["chart-7".to_owned()]);
        let mut reader = LineReader::new(&wanted);
        reader.feed(b"apiVersion: v1\nentries:\n").unwrap();
        let filler = "    description: lorem ipsum dolor sit amet\n".repeat(20);
        let mut size = 0;
        for chart in 0..10 {
            reader.feed(format!("  chart-{chart}:\n").as_bytes()).unwrap();
            for version in 0..600 {
                let entry = format!(
                    "  - apiVersion: v2\n{filler}    urls:\n    - https://x.org/{version}.tgz\n    version: 1.{version}.0\n"
                );
                size += entry.len();
                reader.feed(entry.as_bytes()).unwrap();
            }
        }
        assert!(size > 5_000_000, "{size}");
        assert!(reader.peak() < 1_000, "{}", reader.peak());
        let index = reader.finish().unwrap();
        assert_eq!(index.charts["chart-7"].releases.len(), 600);
        assert_eq!(index.names.len(), 10);
    }

    #[test]
    fn an_endless_line_or_version_is_refused() {
        let wanted = wanted();
        let mut reader = LineReader::new(&wanted);
        let piece = vec![b'x'; 64 * 1024];
        let error = (0..100).find_map(|_| reader.feed(&piece).err());
        assert_eq!(error, Some(IndexError::TooLong { line: 1 }));

        let mut reader = LineReader::new(&wanted);
        reader.feed(b"entries:\n  a:\n  - urls:\n").unwrap();
        let error = (0..100_000).find_map(|_| reader.feed(b"    - https://example.org/x.tgz\n").err());
        assert!(matches!(error, Some(IndexError::TooLong { .. })), "{error:?}");
    }

    #[test]
    fn no_cut_panics() {
        for end in 0..HELM.len() {
            let _ = read(&HELM[..end]);
        }
    }
}
