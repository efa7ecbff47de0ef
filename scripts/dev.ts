import { main } from "./start.ts";

main("dev");
