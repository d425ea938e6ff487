//! Trying one assignment after the other, and never again what is known to fail.

/// A choice of one option for each of several slots.
pub(super) struct Search {
    /// How many options each slot has.
    options: Vec<usize>,
    /// The option that each slot has now.
    chosen: Vec<usize>,
    /// Choices that fail together: slots with their options.
    failed: Vec<Vec<(usize, usize)>>,
}

impl Search {
    /// Begins with the first option of each slot.
    pub(super) fn new(options: Vec<usize>) -> Search {
        Search {
            chosen: vec![0; options.len()],
            options,
            failed: Vec::new(),
        }
    }

    pub(super) fn chosen(&self, slot: usize) -> usize {
        self.chosen[slot]
    }

    /// What is chosen for `slots` fails, whatever the others have. Goes on to the next assignment
    /// that is not known to fail; `false` when none is found.
    ///
    /// Other slots stay as they are unless they had a part in an earlier failure together with one
    /// of these. Options are given up in the order of their numbers: the sum of these is as small
    /// as can be.
    pub(super) fn fail(&mut self, slots: &[usize]) -> bool {
        if slots.is_empty() {
            return false;
        }
        let failed = slots.iter().map(|&slot| (slot, self.chosen[slot]));
        self.failed.push(failed.collect());
        let slots = self.connected(slots);
        let left: Vec<Vec<usize>> = slots.iter().map(|&slot| self.left(slot)).collect();
        if left.iter().any(Vec::is_empty) {
            return false;
        }
        let most = left.iter().map(|options| options.len() - 1).sum();
        let mut steps = STEPS;
        (0..=most).any(|sum| self.choose(&slots, &left, sum, &mut steps))
    }

    /// Chooses options for `slots` whose places in `left` add up to `sum`.
    fn choose(
        &mut self,
        slots: &[usize],
        left: &[Vec<usize>],
        sum: usize,
        steps: &mut usize,
    ) -> bool {
        if *steps == 0 {
            return false;
        }
        *steps -= 1;
        let [slot, rest @ ..] = slots else {
            return sum == 0 && !self.is_known();
        };
        let most: usize = left[1..].iter().map(|options| options.len() - 1).sum();
        let from = sum.saturating_sub(most);
        for place in from..left[0].len().min(sum + 1) {
            self.chosen[*slot] = left[0][place];
            if self.choose(rest, &left[1..], sum - place, steps) {
                return true;
            }
        }
        false
    }

    /// Whether what is chosen is known to fail.
    fn is_known(&self) -> bool {
        let chosen = |(slot, option): &(usize, usize)| self.chosen[*slot] == *option;
        self.failed.iter().any(|failed| failed.iter().all(chosen))
    }

    /// `slots` and those that failed together with them, directly or not.
    fn connected(&self, slots: &[usize]) -> Vec<usize> {
        let mut found = slots.to_vec();
        let mut at = 0;
        while let Some(&slot) = found.get(at) {
            for failed in &self.failed {
                if failed.iter().any(|(other, _)| *other == slot) {
                    found.extend(failed.iter().map(|(other, _)| *other));
                }
            }
            let mut seen = std::collections::BTreeSet::new();
            found.retain(|slot| seen.insert(*slot));
            at += 1;
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The options of a slot that do not fail by themselves.
    fn left(&self, slot: usize) -> Vec<usize> {
        let fails = |option| {
            self.failed
                .iter()
                .any(|failed| failed[..] == [(slot, option)])
        };
        (0..self.options[slot])
            .filter(|&option| !fails(option))
            .collect()
    }
}

/// How many steps of the search for one assignment are taken.
const STEPS: usize = 20_000;
