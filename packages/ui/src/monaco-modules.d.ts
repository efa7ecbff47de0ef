/** Monaco ships these modules without types. */
declare module "monaco-editor/languages/definitions/yaml/yaml.js";
declare module "monaco-editor/nls/lang/fr.js";
