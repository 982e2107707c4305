//! Texts that are too long: cut where a line ends, with everything closed that was open.

/// Says that something is missing.
const NOTICE: &str = "\n_The rest does not fit here._\n";

/// Returns `text` within `room` characters. What is cut off is said; code blocks and `<details>` that are open at the cut are closed.
pub(super) fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut open = Open::default();
    let (mut used, mut end) = (0, 0);
    let mut fitting: Option<(usize, String)> = None;
    for line in text.split_inclusive('\n') {
        used += line.chars().count();
        end += line.len();
        open.read(line);
        let closing = open.closing();
        if used + closing.chars().count() + NOTICE.chars().count() <= room {
            fitting = Some((end, closing));
        }
        if used > room {
            break;
        }
    }
    match fitting.and_then(|(end, closing)| Some((text.get(..end)?, closing))) {
        Some((kept, closing)) => format!("{}\n{closing}{NOTICE}", kept.trim_end()),
        None if NOTICE.chars().count() <= room => NOTICE.trim_start().to_owned(),
        None => String::new(),
    }
}

/// Returns `text`, which has one line, within `room` characters.
pub(super) fn shortened(text: &str, room: usize) -> String {
    match text.char_indices().nth(room) {
        None => text.to_owned(),
        Some(_) => text.chars().take(room.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// What is open at the end of a line.
#[derive(Default)]
struct Open {
    details: usize,
    fence: Option<String>,
}

impl Open {
    fn read(&mut self, line: &str) {
        let text = line.trim();
        let mark = text.chars().next().filter(|mark| matches!(mark, '`' | '~'));
        let fence: Option<String> =
            mark.map(|mark| text.chars().take_while(|letter| *letter == mark).collect());
        let fence = fence.filter(|fence: &String| fence.len() >= 3);
        match (&self.fence, fence) {
            (Some(open), Some(fence)) if fence.starts_with(open.as_str()) && text.len() == fence.len() => {
                self.fence = None;
            }
            (None, Some(fence)) => self.fence = Some(fence),
            (Some(_), _) => {}
            (None, None) => {
                self.details += text.matches("<details").count();
                self.details = self.details.saturating_sub(text.matches("</details").count());
            }
        }
    }

    fn closing(&self) -> String {
        let fence = self.fence.as_deref().map(|fence| format!("{fence}\n")).unwrap_or_default();
        format!("{fence}{}", "\n</details>\n".repeat(self.details))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_fits() {
        assert_eq!(cut("ä\nb", 3), "ä\nb");
        assert_eq!(shortened("äb", 2), "äb");
        assert_eq!(shortened("äbc", 2), "ä…");
    }

    #[test]
    fn closes_what_is_open() {
        let text = format!("<details><summary>1</summary>\n\n```sh\na\n{}", "words\n".repeat(100));
        let short = cut(&text, 150);
        assert!(short.chars().count() <= 150, "{short}");
        assert!(short.starts_with("<details><summary>1</summary>\n\n```sh\na\nwords\n"), "{short}");
        assert!(short.ends_with("words\n```\n\n</details>\n\n_The rest does not fit here._\n"), "{short}");
    }

    #[test]
    fn fits_into_any_room() {
        let text = "<details>\n~~~\n```\nä\n~~~\n<details></details>\n</details>\n".repeat(10);
        for room in 0..text.chars().count() + 2 {
            let short = cut(&text, room);
            assert!(short.chars().count() <= room, "{room}: {short}");
            assert_eq!(
                short.matches("<details>").count(),
                short.matches("</details>").count(),
                "{room}: {short}"
            );
        }
    }
}
