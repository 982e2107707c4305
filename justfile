# Everyday commands; `just` lists them.
default:
    @just --list

# Everything CI checks
check:
    .ci/run

# The tests
test:
    cargo test --workspace

# What may be linked: licences, sources, versions, known vulnerabilities (cargo install --locked cargo-deny@0.20.2)
deny:
    cargo deny --locked check -D unmatched-skip -D unnecessary-skip

# The bill of materials of the binary for this machine, as CycloneDX (cargo install --locked cargo-cyclonedx@0.5.9)
sbom:
    deploy/bill-of-materials "$(rustc --print host-tuple)" updraft.cdx.json

# The demonstration: a small homelab and recorded registries, no network
demo:
    cargo run --release -- dry-run tests/fixtures/repos/homelab --replay tests/fixtures/registries --now 2026-11-19T09:00:00Z

# The bot against a folder, without writing anything
dry-run PATH:
    cargo run --release -- dry-run {{PATH}}

# Rewrite the pictures of what managers find; read the diff before you commit it
snapshots:
    UPDATE_SNAPSHOTS=1 cargo test -p updraft-managers

# The benchmarks, and the size of the binary; docs/performance.md says what each is about
bench:
    cargo bench --workspace
    cargo bench --bench dry_run -- growth
    cargo build --release
    ls -l target/release/updraft
