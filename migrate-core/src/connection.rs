//! The connections that the synchronous verbs take.

/// A connection to a database. It is implemented for the connections of the drivers whose feature
/// is on, and cannot be implemented elsewhere.
///
/// A pooled connection that dereferences to one of them is passed as `&mut *pooled`.
pub trait Connection: sealed::Connection {}

pub(crate) mod sealed {
    use crate::backend::Backend;

    // The backend is a private matter: nobody outside can name it.
    #[allow(private_bounds, private_interfaces)]
    pub trait Connection {
        type Backend<'c>: Backend
        where
            Self: 'c;

        fn backend<'c>(&'c mut self, table: &'c str) -> Self::Backend<'c>;
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::{Connection, sealed};
    use crate::backend::sqlite::Sqlite;

    impl Connection for rusqlite::Connection {}

    #[allow(private_interfaces)]
    impl sealed::Connection for rusqlite::Connection {
        type Backend<'c> = Sqlite<'c>;

        fn backend<'c>(&'c mut self, table: &'c str) -> Sqlite<'c> {
            Sqlite::new(self, table)
        }
    }
}
