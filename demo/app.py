"""The application: app.py VERSION create_all | seed | before_up | before_down.  It knows nothing of schemaflow."""
import importlib
import os
import sys

from sqlmodel import Session, SQLModel, create_engine

version, action = sys.argv[1:]
models = importlib.import_module(f"models.{version}")
engine = create_engine(os.environ["DATABASE_URL"])

if action == "create_all":
    SQLModel.metadata.create_all(engine)
else:
    with Session(engine) as session:
        getattr(models, action)(session)
        session.commit()
