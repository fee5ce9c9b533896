/** Every route of the API, as a method and a path behind the account. A test holds it against what the server routes. */
export const ROUTES: readonly string[] = `
  PUT /vaults/wire | GET /vaults/wire | GET /vaults | DELETE /vaults/wire | POST /vaults/wire/tags?operation=add
  POST /vaults/wire/tags?operation=remove | GET /vaults/wire/tags | PUT /vaults/wire/notification-configuration
  GET /vaults/wire/notification-configuration | DELETE /vaults/wire/notification-configuration
  PUT /vaults/wire/access-policy | GET /vaults/wire/access-policy | DELETE /vaults/wire/access-policy
  POST /vaults/wire/lock-policy | GET /vaults/wire/lock-policy | DELETE /vaults/wire/lock-policy
  POST /vaults/wire/lock-policy/id | POST /vaults/wire/archives | DELETE /vaults/wire/archives/id
  POST /vaults/wire/multipart-uploads | PUT /vaults/wire/multipart-uploads/id | POST /vaults/wire/multipart-uploads/id
  DELETE /vaults/wire/multipart-uploads/id | GET /vaults/wire/multipart-uploads/id | GET /vaults/wire/multipart-uploads
  POST /vaults/wire/jobs | GET /vaults/wire/jobs/id | GET /vaults/wire/jobs | GET /vaults/wire/jobs/id/output
  PUT /policies/data-retrieval | GET /policies/data-retrieval | POST /provisioned-capacity | GET /provisioned-capacity`
  .split(/[|\n]/)
  .map((line) => line.trim())
  .filter((line) => line !== '');
