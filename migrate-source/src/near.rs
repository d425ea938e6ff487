//! How near two words are, to guess what was meant.

/// How many slips of a finger lie between two words: a character too much, one missing, a wrong
/// one, or two neighbours exchanged. Case does not count.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    // The table below is quadratic; nobody mistypes a word of this length for a short one.
    const LONG: usize = 64;
    let letters = |word: &str| {
        word.chars()
            .flat_map(char::to_lowercase)
            .take(LONG)
            .collect()
    };
    let (a, b): (Vec<char>, Vec<char>) = (letters(a), letters(b));
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let changed = last[j] + usize::from(a[i] != b[j]);
            let mut best = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                let exchanged: usize = before_last[j - 1];
                best = best.min(exchanged + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// Which of `words` is nearest to `word`, when one is at most `most` slips away.
#[cfg(feature = "folder")]
pub(crate) fn nearest<'a>(word: &str, words: &[&'a str], most: usize) -> Option<&'a str> {
    let (slips, nearest) = words
        .iter()
        .map(|w| (distance(word, w), *w))
        .min_by_key(|w| w.0)?;
    (slips <= most).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::distance;
    #[cfg(feature = "folder")]
    use super::nearest;

    #[test]
    fn slips() {
        for (a, b, slips) in [
            ("", "", 0),
            ("", "up", 2),
            ("up", "UP", 0),
            ("dwon", "down", 1),
            ("dow", "down", 1),
            ("sq", "sql", 1),
            ("psql", "sql", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!((a, b, distance(a, b)), (a, b, slips));
            assert_eq!((b, a, distance(b, a)), (b, a, slips));
        }
    }

    #[test]
    #[cfg(feature = "folder")]
    fn the_nearest_word_within_the_limit() {
        assert_eq!(nearest("dwon", &["up", "down"], 1), Some("down"));
        assert_eq!(nearest("sideways", &["up", "down"], 2), None);
    }
}
