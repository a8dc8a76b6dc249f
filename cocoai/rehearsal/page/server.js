// Requests to the page's server. A response other than 2xx is thrown as an error.

// Returns the JSON at `path`.
export async function getJson(path) {
  return read(await fetch(path));
}

// Posts `value` as JSON and returns the response's JSON.
export async function postJson(path, value) {
  return read(await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) }));
}

// Resolves to the JSON of a response; throws for a status other than 2xx.
async function read(response) {
  if (!response.ok) throw new Error(response.statusText);
  return response.json();
}
