// What the page asks its server, and tells it; whatever is not a good answer is an error.

export async function ask(path) {
  return read(await fetch(path));
}

export async function tell(path, said) {
  return read(await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(said) }));
}

async function read(reply) {
  if (!reply.ok) throw new Error(reply.statusText);
  return reply.json();
}
