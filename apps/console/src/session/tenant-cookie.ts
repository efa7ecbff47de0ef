/** The tenant chosen last, by slug: where a new tab begins. A page that is open keeps the tenant it was made for. */
export const TENANT_COOKIE = "tenant";
