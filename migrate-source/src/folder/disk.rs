//! The one place that touches the file system.
