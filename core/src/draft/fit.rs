//! Our own and an owner's words, kept to a bearable length.

/// Returns `text`, which has one line, within `room` characters.
pub(crate) fn shortened(text: &str, room: usize) -> String {
    match text.char_indices().nth(room) {
        None => text.to_owned(),
        Some(_) => text.chars().take(room.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// Returns the first lines of `text` that are within `room` characters together.
pub(crate) fn first_lines(text: &str, room: usize) -> &str {
    let (mut used, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        used += line.chars().count();
        if used > room {
            break;
        }
        end += line.len();
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_characters() {
        assert_eq!(shortened("äb", 2), "äb");
        assert_eq!(shortened("äbc", 2), "ä…");
        assert_eq!(first_lines("ä\nb\n", 4), "ä\nb\n");
        assert_eq!(first_lines("ä\nb\n", 3), "ä\n");
        assert_eq!(first_lines("ä", 0), "");
    }
}
