//! Anything may be what a git server answers.

use updraft::datasource::git::{GitAddress, Packets, read_advertisement, read_ls_refs};

pub fn check(data: &[u8]) {
    let _ = read_advertisement(data);
    let _ = read_ls_refs(data);
    let _ = Packets::new(data).take(100_000).count();
    let _ = GitAddress::parse(&super::text(data));
}
