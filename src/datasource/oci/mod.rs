//! The datasource `docker`: images, charts and other artifacts in an OCI registry.
