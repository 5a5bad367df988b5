"""Write the GraphQL schema: docs/reference/schema.graphql."""

from pathlib import Path

from stockyard.api.application import framework
from stockyard.api.document import document
from stockyard.api.graphql.catalog import catalog
from stockyard.api.graphql.schema import GraphSchema
from stockyard.api.settings import ApiSettings

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "schema.graphql"

if __name__ == "__main__":
    PAGE.write_text(GraphSchema(catalog(document(framework(ApiSettings()), "1"))).text())
