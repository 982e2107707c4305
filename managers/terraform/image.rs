//! Images in resources of Docker and Kubernetes.

use updraft_core::dep::Dep;
use updraft_core::image_ref;

use super::hcl::{Body, Text, Value};
use super::{ID, Reader};

/// How many bodies of one resource are looked at.
const BODIES: usize = 10_000;

impl Reader<'_> {
    /// Returns the images of a resource or data source of the type `kind`.
    pub(super) fn images(self, kind: &str, name: &str, body: &Body<'_>) -> Vec<Dep> {
        let texts: Vec<Text<'_>> = match kind {
            "docker_image" | "docker_registry_image" => body.text("name").into_iter().collect(),
            "docker_container" | "docker_service" => nested(body, |_| true),
            // The key is that of many things; a container is what has an image.
            _ if kind.starts_with("kubernetes_") => {
                nested(body, |kind| kind == "container" || kind == "init_container")
            }
            _ => Vec::new(),
        };
        let dep = |text: Text<'_>| {
            let mut dep = image_ref::dep(ID, &self.file.path, text.text, text.span, self.aliases);
            dep.dep_type = Some(kind.to_owned());
            dep.found_in = format!("{kind} {name}");
            dep
        };
        // An image that another resource made is no text: `docker_image.app.image_id`.
        texts.into_iter().filter(|text| !text.text.is_empty()).map(dep).collect()
    }
}

/// Returns each `image` in a body and in the blocks and objects inside of it, where `is_owner` takes the name of what it stands in.
fn nested<'a>(body: &Body<'a>, is_owner: impl Fn(&str) -> bool) -> Vec<Text<'a>> {
    let mut found = Vec::new();
    let mut open: Vec<(&str, &Body<'a>)> = vec![("", body)];
    let mut left = BODIES;
    while let Some((owner, body)) = open.pop() {
        if left == 0 {
            break;
        }
        left -= 1;
        if is_owner(owner) {
            found.extend(body.text("image"));
        }
        open.extend(body.blocks.iter().map(|block| (block.kind, &block.body)));
        for attribute in &body.attributes {
            if let Value::Object(object) = &attribute.value {
                open.push((attribute.name, object));
            }
        }
    }
    found
}
