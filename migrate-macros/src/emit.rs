//! A folder as constants.

use std::env;

use migrate_source::folder::{Code, File, Folder, Migration, Repeatable, Script, Up};
use migrate_source::{Database, Mode};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};

use crate::args::Args;
use crate::place::Place;

/// The set, the code migrations as modules, and what makes the compiler watch the files.
pub(crate) fn folder(args: &Args, place: &Place, files: &[File], folder: &Folder) -> TokenStream {
    let emit = Emit { args, place };
    let numbered = folder
        .migrations
        .iter()
        .map(|migration| emit.migration(migration));
    let repeatable = folder
        .repeatables
        .iter()
        .map(|repeatable| emit.repeatable(repeatable));
    let set = folder_items(args, &numbered.chain(repeatable).collect::<Vec<_>>());
    let modules = folder
        .migrations
        .iter()
        .filter_map(|migration| emit.module(migration));
    // Code is watched where it is included.
    let watched = files.iter().filter(|file| !file.path.ends_with(".rs"));
    let tracked = watched.map(|file| emit.tracked(&file.path));
    let untracked = (env::var_os("OUT_DIR").is_none()).then(|| emit.untracked());
    quote_spanned!(args.folder.span()=> #set #(#modules)* #(#tracked)* #untracked)
}

/// The set itself.
pub(crate) fn folder_items(args: &Args, migrations: &[TokenStream]) -> TokenStream {
    let Args {
        core,
        visibility,
        name,
        folder,
        ..
    } = args;
    let length = Literal::usize_unsuffixed(migrations.len());
    let doc = format!("The migrations of `{}`, in order.", folder.value());
    quote_spanned! {folder.span()=>
        #[doc = #doc]
        #visibility static #name: [#core::Migration<'static>; #length] = [#(#migrations),*];
    }
}

struct Emit<'e> {
    args: &'e Args,
    place: &'e Place,
}

impl Emit<'_> {
    fn migration(&self, migration: &Migration) -> TokenStream {
        let core = &self.args.core;
        let version = Literal::i64_unsuffixed(migration.version);
        let description = &migration.description;
        let database = self.database();
        let checksum = Literal::byte_string(migration.checksum.as_bytes());
        let chain = Literal::byte_string(migration.chain.as_bytes());
        let checksum = quote!(#core::Checksum::from_bytes(*#checksum));
        let chain = quote!(#core::Chain::from_bytes(*#chain));
        let mut tokens = match &migration.up {
            Up::Sql(script) => {
                let script = self.script(script);
                quote!(#core::Migration::sql(
                    #version, #description, #database, #script, #checksum, #chain
                ))
            }
            Up::Code(code) => {
                let module = self.module_name(migration);
                let description = if code.has_description {
                    quote!(#module::DESCRIPTION)
                } else {
                    quote!(#description)
                };
                let up = self.code(code, &module, "up");
                quote!(#core::Migration::code(
                    #version, #description, #database, #up, #checksum, #chain
                ))
            }
        };
        if let Up::Code(code) = &migration.up {
            let module = self.module_name(migration);
            if code.has_down {
                let down = self.code(code, &module, "down");
                tokens = quote!(#tokens.with_down_code(#down));
            }
            if code.has_check {
                let driver = self.driver();
                tokens = quote!(#tokens.with_check(#core::__private::Check::#driver(
                    |db| #core::__private::checked(#module::check(db))
                )));
            }
        }
        if let Some(down) = &migration.down {
            let down = self.script(down);
            tokens = quote!(#tokens.with_down(#down));
        }
        if migration.irreversible {
            tokens = quote!(#tokens.irreversible());
        }
        tokens
    }

    fn repeatable(&self, repeatable: &Repeatable) -> TokenStream {
        let core = &self.args.core;
        let name = &repeatable.name;
        let database = self.database();
        let up = self.script(&repeatable.up);
        let checksum = Literal::byte_string(repeatable.checksum.as_bytes());
        let tokens = quote!(#core::Migration::repeatable(
            #name, #database, #up, #core::Checksum::from_bytes(*#checksum)
        ));
        match &repeatable.down {
            Some(down) => {
                let down = self.script(down);
                quote!(#tokens.with_down(#down))
            }
            None => tokens,
        }
    }

    /// The text as a literal: exactly what was read and hashed, even if the file changes meanwhile.
    fn script(&self, script: &Script) -> TokenStream {
        let core = &self.args.core;
        let sql = &script.sql;
        let file = self.file(&script.path);
        let line = Literal::u32_unsuffixed(script.line);
        let mode = match script.directives.mode {
            Mode::NoTransaction => quote!(.mode(#core::Mode::NoTransaction)),
            Mode::Repeat => quote!(.mode(#core::Mode::Repeat)),
            _ => quote!(),
        };
        let foreign_keys = script
            .directives
            .foreign_keys
            .then(|| quote!(.with_foreign_keys()));
        quote!(#core::__private::Script::new(#sql, #file, #line)#mode #foreign_keys)
    }

    fn code(&self, code: &Code, module: &Ident, function: &str) -> TokenStream {
        let core = &self.args.core;
        let file = self.file(&code.path);
        let function = format_ident!("{function}");
        let driver = self.driver();
        quote!(#core::__private::Code::new(#file, #core::__private::Run::#driver(
            |db| #core::__private::ran(#module::#function(db))
        )))
    }

    /// The code of a migration, in a module of its own.
    ///
    /// `include!` and not `#[path]`: the latter would be relative to a folder that a macro cannot
    /// know once it is called inside `mod x { … }`, and editors do not resolve it there either.
    fn module(&self, migration: &Migration) -> Option<TokenStream> {
        let Up::Code(code) = &migration.up else {
            return None;
        };
        let module = self.module_name(migration);
        let path = self.place.include_path(&code.path);
        let schema = code
            .changes_schema
            .then(|| quote!(const _: bool = #module::CHANGES_SCHEMA;));
        let revision = (code.revision > 0).then(|| quote!(const _: u32 = #module::REVISION;));
        Some(quote_spanned! {self.args.folder.span()=>
            #[doc(hidden)]
            #[allow(missing_docs, unreachable_pub)]
            mod #module {
                ::core::include!(#path);
            }
            #schema
            #revision
        })
    }

    /// `0003_backfill.rs` of the set `MIGRATIONS` is the module `migrations_3_backfill`.
    fn module_name(&self, migration: &Migration) -> Ident {
        let set = self.args.name.to_string().to_lowercase();
        let Up::Code(code) = &migration.up else {
            return Ident::new(
                &format!("{set}_{}", migration.version),
                self.args.folder.span(),
            );
        };
        let stem = code.path.rsplit('/').next().unwrap_or_default();
        let stem = stem.strip_suffix(".rs").unwrap_or(stem);
        let words = stem.trim_start_matches(|c: char| !c.is_alphabetic());
        let words: String = words
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let name = format!("{set}_{}_{}", migration.version, words.to_lowercase());
        Ident::new(&name, self.args.folder.span())
    }

    /// Makes the compiler watch a file. The constant itself is not part of the program.
    fn tracked(&self, path: &str) -> TokenStream {
        let path = self.place.include_path(path);
        quote_spanned! {self.args.folder.span()=>
            const _: &[u8] = ::core::include_bytes!(#path);
        }
    }

    /// A warning on stable Rust: the use of something deprecated.
    fn untracked(&self) -> TokenStream {
        let folder = self.args.folder.value();
        let note = format!(
            "a new file in `{folder}` will not be noticed, since this package has no build script\n\
             \x20 = help: add a `build.rs` beside Cargo.toml:\n\
             \x20         fn main() {{ println!(\"cargo::rerun-if-changed={folder}\"); }}\n\
             \x20 = help: or silence this with `#[allow(deprecated)]` on the macro call's module"
        );
        quote_spanned! {self.args.folder.span()=>
            const _: () = {
                #[deprecated(note = #note)]
                #[allow(non_upper_case_globals)]
                const migrations_folder_is_not_tracked: () = ();
                migrations_folder_is_not_tracked
            };
        }
    }

    fn file(&self, path: &str) -> String {
        format!("{}/{path}", self.place.shown)
    }

    fn database(&self) -> TokenStream {
        let core = &self.args.core;
        let database = match self.args.database {
            Database::Postgres => quote!(Postgres),
            _ => quote!(Sqlite),
        };
        quote!(#core::Database::#database)
    }

    /// The driver that code migrations are given a connection of.
    fn driver(&self) -> TokenStream {
        match self.args.database {
            Database::Postgres => quote!(Postgres),
            _ => quote!(Sqlite),
        }
    }
}
