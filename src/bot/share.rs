//! Which repositories are ours, where several runs share them.

use sha2::{Digest as _, Sha256};

/// Returns whether a repository belongs to the share number `index` of `shares`.
///
/// Every share gives a repository a weight, and the highest has it (rendezvous hashing): when a share is added, only repositories that go to it
/// change hands.
pub(super) fn is_ours(repository: &str, (index, shares): (u32, u32)) -> bool {
    let weight = |share: u32| {
        let hash = Sha256::digest(format!("{share} {}", repository.to_lowercase()).as_bytes());
        hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    let own = weight(index);
    (0..shares).all(|share| share == index || (weight(share), share) < (own, index))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(repository: &str, shares: u32) -> u32 {
        let owners: Vec<u32> = (0..shares).filter(|index| is_ours(repository, (*index, shares))).collect();
        assert_eq!(owners.len(), 1, "{repository} belongs to {owners:?}");
        owners[0]
    }

    #[test]
    fn every_repository_belongs_to_exactly_one_share_and_most_stay_when_one_is_added() {
        let names: Vec<String> = (0..300).map(|number| format!("me/repository-{number}")).collect();
        let mut sizes = [0; 4];
        for name in &names {
            let (with_three, with_four) = (owner(name, 3), owner(name, 4));
            assert!(
                with_four == with_three || with_four == 3,
                "{name} went from {with_three} to {with_four}"
            );
            sizes[with_four as usize] += 1;
        }
        assert!(sizes.iter().all(|size| *size > 40), "{sizes:?}");
    }

    #[test]
    fn one_share_has_everything() {
        assert!(is_ours("me/homelab", (0, 1)));
    }
}
