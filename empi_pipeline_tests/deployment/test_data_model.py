from empi_pipeline.postgres import Connection
from tools.data_model import DOCUMENT, render


def test_the_data_model_document_is_what_the_migrations_make(connection: Connection) -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render(connection), "run: python tools/data_model.py"


def test_every_table_and_view_says_what_it_is_for(connection: Connection) -> None:
    silent = connection.execute(
        """
        select relation.oid::regclass::text
        from pg_class as relation
        join pg_namespace as namespace on namespace.oid = relation.relnamespace
        where namespace.nspname in ('intake', 'raw', 'cleaned', 'matching', 'identity', 'publishing')
            and relation.relkind in ('r', 'p', 'v') and obj_description(relation.oid) is null
        """
    ).fetchall()
    assert silent == []
