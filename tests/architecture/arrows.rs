//! Reads the program's own source: which file names which. An arrow is a `use` item or a path in the code that leads to
//! another file; `mod` and `pub use` only say where things are, and test code may look at everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Item, ItemMod, ItemUse, Macro, Meta, UseTree, Visibility,
    visit::{self, Visit},
};

/// A file below `src`.
pub struct Module {
    /// Relative to `src`.
    pub file: String,
    /// As the code names it, after `crate`.
    pub path: Vec<String>,
    /// Other files that it names.
    pub names: BTreeSet<Vec<String>>,
}

/// All files of the program, read once; its tests are left out.
pub fn modules() -> &'static [Module] {
    static MODULES: LazyLock<Vec<Module>> = LazyLock::new(read);
    &MODULES
}

fn read() -> Vec<Module> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut parsed = BTreeMap::new();
    for file in files {
        let place = file.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).expect("readable");
        let tree = syn::parse_file(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
        parsed.insert(path_of(&place), (place, tree));
    }
    let all: BTreeSet<_> = parsed.keys().cloned().collect();
    let is_test = |path: &[String]| path.iter().any(|part| part == "tests" || part == "script");
    let program = parsed.into_iter().filter(|(path, _)| !is_test(path));
    program
        .map(|(path, (file, tree))| {
            let mut reader = Reader { here: path.clone(), all: &all, names: BTreeSet::new() };
            reader.visit_file(&tree);
            reader.names.remove(&path);
            Module { file, path, names: reader.names }
        })
        .collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("main.rs") {
            found.push(path);
        }
    }
}

fn path_of(file: &str) -> Vec<String> {
    let name = file.strip_suffix(".rs").expect("a source");
    let mut path: Vec<_> = name.split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod" || last == "lib") {
        path.pop();
    }
    path
}

struct Reader<'a> {
    here: Vec<String>,
    all: &'a BTreeSet<Vec<String>>,
    names: BTreeSet<Vec<String>>,
}

impl Reader<'_> {
    /// The file that a path leads to, if it is one of ours.
    fn name(&mut self, path: &[String]) {
        let mut rest = path;
        let mut at = match path.first().map(String::as_str) {
            Some("crate") => {
                rest = &path[1..];
                Vec::new()
            }
            Some("self") => {
                rest = &path[1..];
                self.here.clone()
            }
            Some("super") => self.here.clone(),
            // a child of this file, or something that is not ours
            Some(first) => {
                let child = [&self.here[..], &[first.to_owned()]].concat();
                if !self.all.contains(&child) {
                    return;
                }
                self.here.clone()
            }
            None => return,
        };
        while let Some(("super", after)) = rest.split_first().map(|(first, after)| (first.as_str(), after)) {
            at.pop();
            rest = after;
        }
        at.extend(rest.iter().cloned());
        while !at.is_empty() && !self.all.contains(&at) {
            at.pop();
        }
        if !at.is_empty() {
            self.names.insert(at);
        }
    }

    fn used(&mut self, tree: &UseTree, before: &[String]) {
        match tree {
            UseTree::Path(path) => self.used(&path.tree, &[before, &[path.ident.to_string()]].concat()),
            UseTree::Name(name) => self.name(&[before, &[name.ident.to_string()]].concat()),
            UseTree::Rename(name) => self.name(&[before, &[name.ident.to_string()]].concat()),
            UseTree::Glob(_) => self.name(before),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.used(tree, before)),
        }
    }

    /// Paths in what a macro is given.
    fn tokens(&mut self, tokens: TokenStream) {
        let (mut path, mut colons) = (Vec::new(), 0);
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Ident(word) if path.is_empty() || colons == 2 => {
                    path.push(word.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() && colons < 2 => {
                    colons += 1;
                    continue;
                }
                _ => {}
            }
            self.name_if_long(&std::mem::take(&mut path));
            colons = 0;
        }
        self.name_if_long(&path);
    }

    fn name_if_long(&mut self, path: &[String]) {
        if path.len() > 1 {
            self.name(path);
        }
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    })
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_item(&mut self, item: &'a Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            _ => &Vec::new(),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        if matches!(item.vis, Visibility::Inherited) {
            self.used(&item.tree, &[]);
        }
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        if item.content.is_some() {
            self.here.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.here.pop();
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        if path.segments.len() > 1 {
            let names: Vec<_> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.name(&names);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'a Macro) {
        self.tokens(item.tokens.clone());
    }

    /// `pub(in crate::tui)` names nothing.
    fn visit_visibility(&mut self, _: &'a Visibility) {}
}

/// Each function of a file with its length in lines, those of tests too.
pub fn functions(text: &str) -> Vec<(String, usize)> {
    let mut lengths = Lengths(Vec::new());
    lengths.visit_file(&syn::parse_file(text).expect("it compiles"));
    lengths.0
}

struct Lengths(Vec<(String, usize)>);

impl Lengths {
    fn add(&mut self, name: &syn::Ident, item: &impl syn::spanned::Spanned) {
        let span = item.span();
        self.0.push((name.to_string(), span.end().line - span.start().line + 1));
    }
}

impl<'a> Visit<'a> for Lengths {
    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        self.add(&item.sig.ident, item);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'a syn::ImplItemFn) {
        self.add(&item.sig.ident, item);
        visit::visit_impl_item_fn(self, item);
    }
}
