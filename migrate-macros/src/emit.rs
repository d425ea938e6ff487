//! A folder as constants.

use std::fmt::Debug;
use std::path::Path;
use std::{env, fs};

use migrate_source::Mode;
use migrate_source::arguments::Args;
use migrate_source::folder::{Code, File, Folder, Migration, Repeatable, Script, Up};
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use crate::place::Place;

/// Turns a folder into items.
///
/// Tokens of which the compiler may have something to say to the user have the span of the literal
/// that names the folder; the others have that of the macro, in which lints are not looked for.
pub(crate) struct Emit<'e> {
    args: &'e Args,
    place: &'e Place,
    editor: bool,
    span: Span,
}

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
    pub(crate) fn new(args: &'e Args, place: &'e Place, editor: bool) -> Emit<'e> {
        let span = args.folder.span();
        Emit {
            args,
            place,
            editor,
            span,
        }
    }

    /// The set, the code migrations as modules, and what keeps the set from becoming stale.
    pub(crate) fn folder(&self, files: &[File], folder: &Folder) -> TokenStream {
        let numbered = folder.migrations.iter().map(|m| self.migration(m));
        let repeatable = folder.repeatables.iter().map(|r| self.repeatable(r));
        let set = set(self.args, &numbered.chain(repeatable).collect::<Vec<_>>());
        let modules = folder.migrations.iter().filter_map(|m| self.module(m));
        // Code is watched where it is included.
        let watched = files.iter().filter(|file| !file.path.ends_with(".rs"));
        let watched = watched.map(|file| self.watched(&file.path));
        let guards = (!self.editor).then(|| {
            let unwatched = not_watched(&self.args.folder.value()).map(|why| self.unwatched(why));
            let test = self.test(files);
            quote!(#unwatched #test)
        });
        quote!(#set #(#modules)* #(#watched)* #guards)
    }

    fn migration(&self, migration: &Migration) -> TokenStream {
        let core = &self.args.core;
        let version = Literal::i64_unsuffixed(migration.version);
        let description = &migration.description;
        let database = self.database();
        let checksum = Literal::byte_string(migration.checksum.as_bytes());
        let checksum = quote!(#core::Checksum::from_bytes(*#checksum));
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
                let check = self.closure("check", &self.item(migration, code, "check"));
                tokens = quote!(#tokens.with_check(#core::__private::Check::#database(#check)));
            }
        }
        if let Some(down) = &migration.down {
            let down = self.script(down);
            tokens = quote!(#tokens.with_down(#down));
        }
        tokens
    }

    fn repeatable(&self, repeatable: &Repeatable) -> TokenStream {
        let core = &self.args.core;
        let name = &repeatable.name;
        let description = &repeatable.description;
        let database = self.database();
        let up = self.script(&repeatable.up);
        let checksum = Literal::byte_string(repeatable.checksum.as_bytes());
        let tokens = quote!(#core::Migration::repeatable(
            #name, #description, #core::Database::#database, #up, #core::Checksum::from_bytes(*#checksum)
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
        let database = self.database();
        let run = self.closure("run", &self.item(migration, code, function));
        quote!(#core::__private::Code::new(#file, #core::__private::Run::#database(#run)))
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
        let set = self.args.name.unraw().to_string().to_lowercase();
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
                "this package has no build script",
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
    fn test(&self, files: &[File]) -> TokenStream {
        let core = &self.args.core;
        let set = self.args.name.unraw().to_string().to_lowercase();
        let module = format_ident!("{set}_folder");
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

    fn file(&self, path: &str) -> String {
        format!("{}/{path}", self.place.shown)
    }

    /// The name of the database's variant, also of the kinds of code for it.
    fn database(&self) -> Ident {
        variant(&self.args.options.database)
    }
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
