// Reads the Terraform file that is named and prints it as JSON, with HashiCorp's parser.
import { readFileSync } from "node:fs";
import { parse } from "@cdktf/hcl2json";

const path = process.argv[2];
process.stdout.write(JSON.stringify(await parse(path, readFileSync(path, "utf8"))));
