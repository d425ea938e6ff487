//! The connections that the synchronous verbs take.

/// A connection to a database. It is implemented for the connections of the drivers whose feature
/// is on, and cannot be implemented elsewhere.
///
/// A pooled connection that dereferences to one of them is passed as `&mut *pooled`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a connection that this verb takes",
    label = "not a connection of a driver whose feature is on",
    note = "the features `sqlite` and `postgres` of migrate-core take a `rusqlite::Connection` and a `postgres::Client`",
    note = "a `tokio_postgres::Client` is for the verbs that end in `_async`: `up_async`",
    note = "an object of a pool is passed as `&mut *pooled`"
)]
pub trait Connection: sealed::Connection {}

pub(crate) mod sealed {
    use crate::backend::Backend;
    use crate::settings::Settings;

    // The backend is a private matter: nobody outside can name it.
    #[allow(private_bounds, private_interfaces)]
    pub trait Connection {
        type Backend<'c>: Backend
        where
            Self: 'c;

        fn backend<'c>(&'c mut self, settings: &'c Settings) -> Self::Backend<'c>;
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use super::{Connection, sealed};
    use crate::backend::sqlite::Sqlite;
    use crate::settings::Settings;

    impl Connection for rusqlite::Connection {}

    #[allow(private_interfaces)]
    impl sealed::Connection for rusqlite::Connection {
        type Backend<'c> = Sqlite<'c>;

        fn backend<'c>(&'c mut self, settings: &'c Settings) -> Sqlite<'c> {
            Sqlite::new(self, &settings.table)
        }
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use super::{Connection, sealed};
    use crate::backend::postgres::Postgres;
    use crate::settings::Settings;

    impl Connection for ::postgres::Client {}

    #[allow(private_interfaces)]
    impl sealed::Connection for ::postgres::Client {
        type Backend<'c> = Postgres<'c, &'c mut ::postgres::Client>;

        fn backend<'c>(&'c mut self, settings: &'c Settings) -> Self::Backend<'c> {
            Postgres::new(self, settings)
        }
    }
}

/// It has no [`Connection`]: the verbs without `_async` cannot wait for what it answers.
#[cfg(feature = "tokio-postgres")]
mod asynchronous {
    use super::sealed;
    use crate::backend::postgres::Postgres;
    use crate::settings::Settings;

    #[allow(private_interfaces)]
    impl sealed::Connection for tokio_postgres::Client {
        type Backend<'c> = Postgres<'c, &'c mut tokio_postgres::Client>;

        fn backend<'c>(&'c mut self, settings: &'c Settings) -> Self::Backend<'c> {
            Postgres::new(self, settings)
        }
    }
}
