//! A component inside a guest's component.
//!
//! The contract has no characters, flags, resources or strings in UTF-16, and it never calls back.
//! Two components side by side can have all of that between them, and the host has to make the
//! seam. A guest imports an instance, and here another component that exports it is put beside it,
//! in the text form.

/// The other component.
#[derive(Debug, Clone)]
pub struct Part {
    interface: String,
    functions: Vec<(String, String)>,
    component: String,
}

impl Part {
    pub(crate) const INTERFACE: &str = "hostile:part/part";

    /// A part that offers an interface, given as the WIT inside its braces, by a component in
    /// text, which exports the functions under their names.
    pub fn new(interface: &str, component: &str) -> Self {
        Self {
            interface: interface.to_owned(),
            functions: Vec::new(),
            component: component.to_owned(),
        }
    }

    /// A part with one function, `touch`, that does nothing, and with more items.
    pub fn touched(items: &str) -> Self {
        let component = format!(
            "(core module $m (func (export \"touch\")))
             (core instance $i (instantiate $m))
             {items}
             (func (export \"touch\") (canon lift (core func $i \"touch\")))"
        );
        Self::new("touch: func();", &component).function("touch", "")
    }

    /// A part with a resource, `thing`, whose destructor does this.
    pub fn with_resource(destructor: &str) -> Self {
        let component = format!(
            "(core module $d (func (export \"drop\") (param i32) {destructor}))
             (core instance $d (instantiate $d))
             (type $t (resource (rep i32) (dtor (core func $d \"drop\"))))
             (core func $new (canon resource.new $t))
             (core module $m
                (import \"\" \"new\" (func $new (param i32) (result i32)))
                (func (export \"make\") (result i32) (call $new (i32.const 7))))
             (core instance $m (instantiate $m (with \"\" (instance (export \"new\" (func $new))))))
             (export $thing \"thing\" (type $t))
             (func (export \"[constructor]thing\") (result (own $thing))
                (canon lift (core func $m \"make\")))"
        );
        Self::new("resource thing { constructor(); }", &component)
            .function("[constructor]thing", "(result i32)")
            .function("[resource-drop]thing", "(param i32)")
    }

    /// A part with one function over values, `go`: its type in WIT, as the guest imports it, and
    /// the items that export it.
    pub fn seam(wit: &str, ty: &str, component: &str) -> Self {
        Self::new(wit, component).function("go", ty)
    }

    /// A function as the guest's module imports it.
    #[must_use]
    pub fn function(mut self, name: &str, ty: &str) -> Self {
        self.functions.push((name.to_owned(), ty.to_owned()));
        self
    }

    pub(crate) fn functions(&self) -> &[(String, String)] {
        &self.functions
    }

    pub(crate) fn wit(&self) -> String {
        format!(
            "package hostile:part {{ interface part {{ {} }} }}\n",
            self.interface
        )
    }
}

/// Puts a component and its part side by side into a new one, which imports and exports what the
/// first did. A component may not call one that lies inside it, so beside is the only place.
pub(crate) fn put_beside(wasm: &[u8], part: &Part) -> Vec<u8> {
    let text = wasmprinter::print_bytes(wasm).unwrap();
    let outer = beside(&text, part);
    wat::parse_str(&outer).unwrap_or_else(|error| panic!("{error}\n{outer}"))
}

fn beside(text: &str, part: &Part) -> String {
    let lines = text.lines().skip(1);
    // Imports and the types they need come first.
    let head = lines.take_while(|line| !line.starts_with("  (core "));
    let mut outer = String::from("(component\n");
    let mut arguments = String::new();
    for line in head {
        let Some((name, instance)) = imported(line) else {
            outer.extend([line, "\n"]);
            continue;
        };
        arguments += &format!("(with \"{name}\" (instance {instance}))\n");
        if name == Part::INTERFACE {
            let component = &part.component;
            outer += &format!(
                "(component $part {component})\n(instance {instance} (instantiate $part))\n"
            );
        } else {
            outer.extend([line, "\n"]);
        }
    }
    let inner = text.replacen("(component", "(component $guest", 1);
    format!(
        "{outer}\n{inner}\n(instance $guest (instantiate $guest {arguments}))
         (export \"{TOOLS}\" (instance $guest \"{TOOLS}\")))"
    )
}

const TOOLS: &str = "casemate:tool/tools@1.0.0";

/// The name and the instance of a line that imports one.
fn imported(line: &str) -> Option<(&str, &str)> {
    let (name, rest) = line.strip_prefix("  (import \"")?.split_once('"')?;
    let instance = rest.trim_start().strip_prefix("(instance ")?;
    Some((name, instance.split_whitespace().next()?))
}
