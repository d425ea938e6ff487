//! A folder as constants.

use std::fmt::Debug;
use std::path::Path;
use std::{env, fs};

use migrate_source::arguments::Args;
use migrate_source::folder::{Code, File, Folder, Migration, Repeatable, Script, Up};
use migrate_source::schema::{Change, Fingerprint};
use migrate_source::{Checksum, Database, Mode};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use crate::place::{Place, located};

/// Turns a folder into items.
///
/// Tokens of which the compiler may have something to say to the user have the span of the literal
/// that names the folder; the others have that of the macro, in which lints are not looked for.
pub(crate) struct Emit<'e> {
    args: &'e Args,
    place: &'e Place,
    editor: bool,
    span: Span,
    known: &'e Known,
}

/// What is known of the migrations of a folder since they were run; nothing if they were not.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The schema that each numbered migration leads to, then the repeatable ones.
    pub(crate) schemas: Vec<Option<Led>>,
    /// The release of SQLite that has run them.
    pub(crate) sqlite: Option<i32>,
}

/// The schema that a migration leads to, and what it changes.
pub(crate) type Led = (Fingerprint, Vec<Change<'static>>);

/// The set itself.
pub(crate) fn set(args: &Args, migrations: &[TokenStream]) -> TokenStream {
    let Args {
        core,
        docs,
        visibility,
        name,
        folder,
        ..
    } = args;
    let length = Literal::usize_unsuffixed(migrations.len());
    let docs = match docs.is_empty() {
        true => {
            let default = format!("The migrations of `{}`, in order.", folder.value());
            quote!(#[doc = #default])
        }
        false => docs.clone(),
    };
    quote_spanned! {folder.span()=>
        #docs
        #visibility static #name: [#core::Migration<'static>; #length] = [#(#migrations),*];
    }
}

impl<'e> Emit<'e> {
    pub(crate) fn new(
        args: &'e Args,
        place: &'e Place,
        editor: bool,
        known: &'e Known,
    ) -> Emit<'e> {
        let span = args.folder.span();
        Emit {
            args,
            place,
            editor,
            span,
            known,
        }
    }

    /// The set, the code migrations as modules, and what keeps the set from becoming stale.
    pub(crate) fn folder(&self, files: &[File], folder: &Folder) -> TokenStream {
        let numbered = folder.migrations.iter().map(|m| self.migration(m));
        let repeatable = folder.repeatables.iter().map(|r| self.repeatable(r));
        let all = numbered.chain(repeatable).enumerate();
        let all = all.map(|(at, migration)| {
            let schema = self.schema(at);
            quote!(#migration #schema)
        });
        let set = set(self.args, &all.collect::<Vec<_>>());
        let modules = folder.migrations.iter().filter_map(|m| self.module(m));
        let driver = self.needs_driver(folder);
        let guards = (!self.editor).then(|| {
            // Code is watched where it is included.
            let watched = files.iter().filter(|file| !file.path.ends_with(".rs"));
            let watched = watched.map(|file| self.watched(&file.path));
            let unwatched = not_watched(&self.args.folder.value()).map(|why| self.unwatched(why));
            let is_embedded = self.is_embedded(files);
            let migrates = self.migrates(folder);
            quote!(#(#watched)* #unwatched #is_embedded #migrates)
        });
        quote!(#set #(#modules)* #driver #guards)
    }

    fn migration(&self, migration: &Migration) -> TokenStream {
        let core = &self.args.core;
        let version = Literal::i64_unsuffixed(migration.version);
        let description = &migration.description;
        let database = self.database();
        let checksum = self.checksum(&migration.checksum);
        let chain = Literal::byte_string(migration.chain.as_bytes());
        let chain = quote!(#core::Chain::from_bytes(*#chain));
        let mut tokens = match &migration.up {
            Up::Sql(script) => {
                let script = self.script(script);
                quote!(#core::Migration::sql(
                    #version, #description, #core::Database::#database, #script, #checksum, #chain
                ))
            }
            Up::Code(code) => {
                let description = match code.has_description {
                    true => self.item(migration, code, "DESCRIPTION"),
                    false => quote!(#description),
                };
                let up = self.code(migration, code, "up");
                quote!(#core::Migration::code(
                    #version, #description, #core::Database::#database, #up, #checksum, #chain
                ))
            }
        };
        if let Up::Code(code) = &migration.up {
            if code.has_down {
                let down = self.code(migration, code, "down");
                tokens = quote!(#tokens.with_down_code(#down));
            }
            if code.has_check {
                let driver = self.driver(code);
                let check = self.closure(driver.check, &self.item(migration, code, "check"));
                let (on, variant) = (driver.if_on(), driver.variant());
                // Without the driver there is an error anyway.
                tokens = quote!(#core::__private::#on! {
                    { #tokens.with_check(#core::__private::Check::#variant(#check)) }
                    { #tokens }
                });
            }
        }
        if let Some(down) = &migration.down {
            let down = self.script(down);
            tokens = quote!(#tokens.with_down(#down));
        }
        let accepting = (!migration.accepted.is_empty()).then(|| {
            let first = self.checksum(&migration.first_checksum);
            let accepted = migration.accepted.iter().map(|c| self.checksum(c));
            quote!(.accepting(#first, const { &[#(#accepted),*] }))
        });
        quote!(#tokens #accepting)
    }

    /// What is known of the migration at `at`. One of them says for all which SQLite has run them.
    fn schema(&self, at: usize) -> TokenStream {
        let core = &self.args.core;
        let led = self.known.schemas.get(at).and_then(Option::as_ref);
        let schema = schema(core, led);
        let verified = self.known.sqlite.filter(|_| at == 0).map(|release| {
            let release = Literal::i32_unsuffixed(release);
            quote!(.with_verified(#release))
        });
        quote!(#schema #verified)
    }

    fn checksum(&self, checksum: &Checksum) -> TokenStream {
        let core = &self.args.core;
        let bytes = Literal::byte_string(checksum.as_bytes());
        quote!(#core::Checksum::from_bytes(*#bytes))
    }

    fn repeatable(&self, repeatable: &Repeatable) -> TokenStream {
        let core = &self.args.core;
        let name = &repeatable.name;
        let description = &repeatable.description;
        let database = self.database();
        let up = self.script(&repeatable.up);
        let checksum = self.checksum(&repeatable.checksum);
        let tokens = quote!(#core::Migration::repeatable(
            #name, #description, #core::Database::#database, #up, #checksum
        ));
        let down = repeatable.down.as_ref().map(|down| {
            let down = self.script(down);
            quote!(.with_down(#down))
        });
        quote!(#tokens #down)
    }

    /// The text as a literal: exactly what was read and hashed, even if the file changes meanwhile.
    fn script(&self, script: &Script) -> TokenStream {
        let core = &self.args.core;
        let sql = &script.sql;
        let file = self.file(&script.path);
        let line = Literal::u32_unsuffixed(script.line);
        let mode = (script.directives.mode != Mode::Transaction).then(|| {
            let mode = variant(&script.directives.mode);
            quote!(.mode(#core::Mode::#mode))
        });
        let foreign_keys = script.directives.foreign_keys;
        let foreign_keys = foreign_keys.then(|| quote!(.with_foreign_keys()));
        quote!(#core::__private::Script::new(#sql, #file, #line)#mode #foreign_keys)
    }

    fn code(&self, migration: &Migration, code: &Code, function: &str) -> TokenStream {
        let core = &self.args.core;
        let file = self.file(&code.path);
        let driver = self.driver(code);
        let run = self.closure(driver.run, &self.item(migration, code, function));
        let (on, variant) = (driver.if_on(), driver.variant());
        quote!(#core::__private::Code::new(#file, #core::__private::#on! {
            { #core::__private::Run::#variant(#run) }
            { #core::__private::Run::NotCompiled }
        }))
    }

    /// The driver that code is for.
    fn driver(&self, code: &Code) -> &'static Driver {
        match (self.args.options.database, code.is_async) {
            (Database::Sqlite, _) => &RUSQLITE,
            (_, false) => &POSTGRES,
            (_, true) => &TOKIO_POSTGRES,
        }
    }

    /// An error where the driver of the code is not there: which features are on, only the crate
    /// itself can tell.
    fn needs_driver(&self, folder: &Folder) -> Option<TokenStream> {
        let code = folder.migrations.iter().find_map(|m| match &m.up {
            Up::Code(code) => Some(code),
            Up::Sql(_) => None,
        })?;
        let core = &self.args.core;
        let driver = self.driver(code);
        let message = format!(
            "this code needs the feature `{}` of migrate-core\n --> {}:1:1\n  = help: {}",
            driver.feature,
            self.file(&code.path),
            driver.cure(),
        );
        let message = located(&message, self.span);
        let error = quote_spanned!(self.span=> ::core::compile_error! { #message });
        let on = driver.if_on();
        Some(quote!(#core::__private::#on! { {} { #error } }))
    }

    /// A closure that passes the connection and a function to `caller`, of the private module.
    ///
    /// The call has the span of the literal from end to end, so that a function of a wrong type is
    /// reported there; `$crate` in its path would take it to the macro.
    fn closure(&self, caller: &str, function: &TokenStream) -> TokenStream {
        let core = &self.args.core;
        let caller = Ident::new(caller, self.span);
        let db = Ident::new("db", self.span);
        let call = quote_spanned!(self.span=> #caller(#db, #function));
        quote!(|#db| { use #core::__private::#caller; #call })
    }

    /// The path of an item of a code migration.
    fn item(&self, migration: &Migration, code: &Code, name: &str) -> TokenStream {
        let module = self.module_name(migration, code);
        let name = Ident::new(name, self.span);
        quote_spanned!(self.span=> #module::#name)
    }

    /// The code of a migration, in a module of its own.
    ///
    /// `include!` and not `#[path]`: the latter would be relative to a folder that a macro cannot
    /// know once it is called inside `mod x { … }`, and editors do not resolve it there either.
    /// Functions are `pub` as the rules want it, whatever the lints of the package say.
    fn module(&self, migration: &Migration) -> Option<TokenStream> {
        let Up::Code(code) = &migration.up else {
            return None;
        };
        let module = self.module_name(migration, code);
        let path = self.place.path_from_caller(&code.path);
        // What was read of these without compiling counts; here their types are checked.
        let schema = code.changes_schema.map(|_| {
            let changes = self.item(migration, code, "CHANGES_SCHEMA");
            quote!(const _: bool = #changes;)
        });
        let revision = code.revision.map(|_| {
            let revision = self.item(migration, code, "REVISION");
            quote!(const _: u32 = #revision;)
        });
        Some(quote_spanned! {self.span=>
            #[doc(hidden)]
            #[allow(unreachable_pub)]
            mod #module {
                ::core::include!(#path);
            }
            #schema
            #revision
        })
    }

    /// `0003_backfill.rs` of the set `MIGRATIONS` is the module `migrations_3_backfill`.
    fn module_name(&self, migration: &Migration, code: &Code) -> Ident {
        let set = self.set();
        let file = code.path.rsplit('/').next().unwrap_or_default();
        let stem = file.strip_suffix(".rs").unwrap_or(file);
        let words = stem.trim_start_matches(|c: char| !c.is_alphabetic());
        let letter = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
        let words: String = words.to_lowercase().chars().map(letter).collect();
        Ident::new(&format!("{set}_{}_{words}", migration.version), self.span)
    }

    /// Makes the compiler watch a file. The constant itself is not part of the program, so that its
    /// path may be absolute; so it is found from wherever the literal with the folder was taken.
    fn watched(&self, path: &str) -> TokenStream {
        let path = self.place.absolute_path(path);
        quote_spanned!(self.span=> const _: &[u8] = ::core::include_bytes!(#path);)
    }

    /// A warning on stable Rust: the use of something deprecated.
    fn unwatched(&self, why: NotWatched) -> TokenStream {
        let folder = self.args.folder.value();
        let line = format!("println!(\"cargo::rerun-if-changed={folder}\");");
        let (why, help) = match why {
            NotWatched::NoBuildScript => (
                // There is no folder to keep the results in either.
                match self.known.sqlite {
                    Some(_) => {
                        "this package has no build script; and its migrations are run anew at each build"
                    }
                    None => "this package has no build script",
                },
                format!("add a `build.rs` beside Cargo.toml:\n\x20         fn main() {{ {line} }}"),
            ),
            NotWatched::OtherFiles => (
                "the build script of this package asks for other files only",
                format!("add to it:\n\x20         {line}"),
            ),
        };
        let note = format!(
            "a new file in `{folder}` will not be noticed, since {why}\n\
             \x20 = help: {help}\n\
             \x20 = help: or call the macro in a module with `#[allow(deprecated)]`"
        );
        let note = located(&note, self.span);
        quote_spanned! {self.span=>
            const _: () = {
                #[deprecated(note = #note)]
                const MIGRATIONS_FOLDER_IS_NOT_WATCHED: () = ();
                MIGRATIONS_FOLDER_IS_NOT_WATCHED
            };
        }
    }

    /// A test that fails when the folder has got a file since the program was compiled. It alone
    /// looks for the folder at run time, and is no part of the program.
    fn is_embedded(&self, files: &[File]) -> TokenStream {
        let core = &self.args.core;
        let module = format_ident!("{}_folder", self.set());
        let folder = self.place.folder.display().to_string();
        let files = files.iter().map(|file| &file.path);
        // In a module of its own nothing of the user's is in the way, such as another `test`.
        quote! {
            #[cfg(test)]
            mod #module {
                #[test]
                fn is_embedded() {
                    #core::__private::assert_embedded(#folder, &[#(#files),*]);
                }
            }
        }
    }

    /// A test that runs the whole set, where it has code that cannot be run while compiling.
    fn migrates(&self, folder: &Folder) -> Option<TokenStream> {
        let code = |migration: &Migration| match &migration.up {
            Up::Code(code) => Some((migration.version, code.changes_schema.unwrap_or(false))),
            Up::Sql(_) => None,
        };
        let code: Vec<(i64, bool)> = folder.migrations.iter().filter_map(code).collect();
        // What is made for the test is a SQLite in memory.
        let is_sqlite = self.args.options.database == Database::Sqlite;
        if !cfg!(feature = "verify") || !is_sqlite || code.is_empty() {
            return None;
        }
        let Args {
            core,
            name,
            options,
            ..
        } = self.args;
        let changes = code.iter().filter(|(_, changes)| *changes);
        let changes = changes.map(|(version, _)| Literal::i64_unsuffixed(*version));
        let allow = options.allow.iter().map(|problem| problem.name());
        let trust = Literal::i64_unsuffixed(options.trust_through);
        let seed = match &folder.seed {
            Some(seed) => {
                let (file, sql) = (self.file(&seed.path), &seed.sql);
                quote!(::core::option::Option::Some((#file, #sql)))
            }
            None => quote!(::core::option::Option::None),
        };
        // Beside the set: from a module it could not be named if both are inside a function. There the
        // compiler warns that the test is not run.
        let test = format_ident!("{}_migrate_up_and_down_and_up_again", self.set());
        Some(quote! {
            #[cfg(test)]
            #[::core::prelude::v1::test]
            fn #test() {
                #core::__private::assert_migrates(&#name, &#core::__private::Told {
                    changes_schema: &[#(#changes),*],
                    seed: #seed,
                    allow: &[#(#allow),*],
                    trust_through: #trust,
                });
            }
        })
    }

    /// The name of the set, as it stands in the names of other items.
    fn set(&self) -> String {
        self.args.name.unraw().to_string().to_lowercase()
    }

    fn file(&self, path: &str) -> String {
        format!("{}/{path}", self.place.shown)
    }

    /// The name of the database's variant.
    fn database(&self) -> Ident {
        variant(&self.args.options.database)
    }
}

/// A driver that code may be for.
struct Driver {
    feature: &'static str,
    /// The kind of code.
    variant: &'static str,
    /// What calls a function, and what asks a check.
    run: &'static str,
    check: &'static str,
}

const RUSQLITE: Driver = Driver {
    feature: "sqlite",
    variant: "Sqlite",
    run: "run",
    check: "check",
};

const POSTGRES: Driver = Driver {
    feature: "postgres",
    variant: "Postgres",
    run: "run_mut",
    check: "check_mut",
};

const TOKIO_POSTGRES: Driver = Driver {
    feature: "tokio-postgres",
    variant: "TokioPostgres",
    run: "run_async",
    check: "check_async",
};

impl Driver {
    /// The macro that tells whether it is there.
    fn if_on(&self) -> Ident {
        format_ident!("if_{}", self.feature.replace('-', "_"))
    }

    fn variant(&self) -> Ident {
        format_ident!("{}", self.variant)
    }

    fn cure(&self) -> String {
        let feature = self.feature;
        let cure =
            format!("in Cargo.toml: `migrate-core = {{ …, features = [\"{feature}\", …] }}`");
        match feature {
            "postgres" => format!(
                "{cure}\n  = help: or, for tokio-postgres, write `pub async fn up(db: &tokio_postgres::Client)`"
            ),
            "tokio-postgres" => format!(
                "{cure}\n  = help: or, for postgres, write `pub fn up(db: &mut postgres::Client)`"
            ),
            _ => cure,
        }
    }
}

/// The schema that a migration leads to, if that is known.
fn schema(core: &TokenStream, led: Option<&Led>) -> Option<TokenStream> {
    let (fingerprint, changes) = led?;
    let fingerprint = Literal::byte_string(fingerprint.as_bytes());
    let changes = changes.iter().map(|change| {
        let kind = variant(&change.kind());
        let (name, table) = (change.name(), change.table());
        let digest = match change.digest() {
            Some(digest) => {
                let digest = Literal::byte_string(&digest);
                quote!(::core::option::Option::Some(*#digest))
            }
            None => quote!(::core::option::Option::None),
        };
        quote!(#core::__private::Change::new(#core::__private::Kind::#kind, #name, #table, #digest))
    });
    // A constant of its own: nothing that could be dropped may be borrowed in the midst of another.
    Some(quote!(.with_schema(*#fingerprint, const { &[#(#changes),*] })))
}

/// The name of a variant without fields.
fn variant(value: &impl Debug) -> Ident {
    format_ident!("{}", format!("{value:?}"))
}

/// Why cargo does not compile anew when the folder gets a file.
#[derive(Clone, Copy)]
enum NotWatched {
    NoBuildScript,
    OtherFiles,
}

/// A build script that names no file is run again whenever any file of the package changes; one that
/// names some, only for those. What it prints cannot be seen from here, but its text can.
fn not_watched(folder: &str) -> Option<NotWatched> {
    if env::var_os("OUT_DIR").is_none() {
        return Some(NotWatched::NoBuildScript);
    }
    let package = env::var_os("CARGO_MANIFEST_DIR")?;
    let script = fs::read_to_string(Path::new(&package).join("build.rs")).ok()?;
    let asks = script.contains("rerun-if-changed");
    let folder = folder.trim_start_matches("./").trim_end_matches('/');
    let mut above = Path::new(folder).ancestors().filter_map(Path::to_str);
    let named = above.any(|path| !path.is_empty() && script.contains(path));
    (asks && !named).then_some(NotWatched::OtherFiles)
}

#[cfg(test)]
mod tests {
    use migrate_source::schema::Kind;

    use super::*;

    #[test]
    fn schemas() {
        let core = quote!(core);
        assert!(schema(&core, None).is_none());
        let fingerprint = Fingerprint::from_bytes([1; 32]);
        let check = |changes: Vec<Change<'static>>, expected: TokenStream| {
            let found = schema(&core, Some(&(fingerprint, changes))).unwrap();
            let bytes = Literal::byte_string(&[1; 32]);
            let expected = quote!(.with_schema(*#bytes, const { &[#expected] }));
            assert_eq!(found.to_string(), expected.to_string());
        };
        check(vec![], quote!());
        check(
            vec![
                Change::new(
                    Kind::Table,
                    "a \"b\"",
                    "a \"b\"",
                    Some(*b"0123456789abcdef"),
                ),
                Change::new(Kind::Index, "i", "t", None),
            ],
            quote! {
                core::__private::Change::new(
                    core::__private::Kind::Table, "a \"b\"", "a \"b\"",
                    ::core::option::Option::Some(*b"0123456789abcdef")
                ),
                core::__private::Change::new(
                    core::__private::Kind::Index, "i", "t", ::core::option::Option::None
                )
            },
        );
    }
}
