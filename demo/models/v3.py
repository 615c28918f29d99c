"""Version 3: a status between two others, comments on tasks, a check more, a new NOT NULL column."""
from datetime import date, datetime, timezone
from enum import Enum
from typing import List, Optional

from pydantic import NaiveDatetime
from sqlalchemy import (
    CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, func, text)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, Relationship, Session, SQLModel, select, update


def now() -> datetime:
    return datetime.now(timezone.utc).replace(tzinfo=None)


class TimestampMixin(SQLModel):
    created_at: NaiveDatetime = Field(default_factory=now, sa_column_kwargs={"server_default": func.now()})
    updated_at: NaiveDatetime = Field(default_factory=now, sa_column_kwargs={"onupdate": now})


class Status(str, Enum):
    todo = "todo"
    doing = "doing"
    review = "review"
    done = "done"


class TeamMember(SQLModel, table=True):
    """A link table with payload."""
    __tablename__ = "team_member"
    team_id: int = Field(foreign_key="team.id", primary_key=True, ondelete="CASCADE")
    user_id: int = Field(foreign_key="user.id", primary_key=True, ondelete="CASCADE")
    role: str = Field(default="member", max_length=20)
    joined_at: NaiveDatetime = Field(default_factory=now)


class TaskTag(SQLModel, table=True):
    __tablename__ = "task_tag"
    task_id: int = Field(foreign_key="task.id", primary_key=True, ondelete="CASCADE")
    tag_id: int = Field(foreign_key="tag.id", primary_key=True)
    added_by: Optional[int] = Field(default=None, foreign_key="user.id", ondelete="SET NULL")


class User(TimestampMixin, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    email: str = Field(index=True, unique=True, max_length=255)
    name: str
    phone: Optional[str] = Field(default=None, index=True)
    is_active: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    teams: List["Team"] = Relationship(back_populates="members", link_model=TeamMember)
    tasks: List["Task"] = Relationship(back_populates="owner")


class Team(TimestampMixin, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    members: List[User] = Relationship(back_populates="teams", link_model=TeamMember)


class Sprint(SQLModel, table=True):
    """A composite key."""
    __table_args__ = (CheckConstraint("ends > starts", name="sprint_dates"),)
    team_id: int = Field(foreign_key="team.id", primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    starts: date
    ends: date


class Tag(SQLModel, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    name: str = Field(max_length=40, unique=True)


class Task(TimestampMixin, table=True):
    __table_args__ = (
        CheckConstraint("priority BETWEEN 1 AND 5", name="task_priority"),
        CheckConstraint("length(title) > 0"),
        CheckConstraint("parent_id <> id", name="task_not_its_own_parent"),
        UniqueConstraint("owner_id", "title", name="task_owner_title"),
        ForeignKeyConstraint(["team_id", "sprint_no"], ["sprint.team_id", "sprint.number"], name="task_sprint"),
        Index("task_open", "owner_id", "priority", postgresql_where=text("status <> 'done'")),
        Index("task_title_lower", text("lower(title)")),
    )
    id: Optional[int] = Field(default=None, primary_key=True)
    title: str = Field(index=True, max_length=200)
    description: Optional[str] = None
    status: Status = Field(default=Status.todo, sa_column_kwargs={"server_default": "todo"})
    priority: int = 3
    estimate: Optional[int] = None
    labels: List[str] = Field(default_factory=list,
                              sa_column=Column(ARRAY(Text), nullable=False, server_default="{}"))
    due: Optional[date] = None
    owner_id: Optional[int] = Field(default=None, foreign_key="user.id", index=True, ondelete="SET NULL")
    parent_id: Optional[int] = Field(default=None, foreign_key="task.id", index=True)
    team_id: Optional[int] = None
    sprint_no: Optional[int] = None
    owner: Optional[User] = Relationship(back_populates="tasks")
    tags: List[Tag] = Relationship(link_model=TaskTag)
    children: List["Task"] = Relationship()


class Comment(TimestampMixin, table=True):
    __table_args__ = ({"comment": "what people say about a task"},)
    id: Optional[int] = Field(default=None, primary_key=True)
    task_id: int = Field(foreign_key="task.id", index=True, ondelete="CASCADE")
    author_id: int = Field(foreign_key="user.id")
    body: str = Field(sa_column_kwargs={"comment": "Markdown"})
    status: Status = Status.todo


def seed(session: Session) -> None:
    """What the application of this version writes."""
    cleo = session.exec(select(User).where(User.email == "cleo@example.org")).one()
    task = Task(title="Proof-read", owner=cleo, status=Status.review, labels=["text", "a, b"])
    session.add(task)
    session.flush()
    session.add(Comment(task_id=task.id, author_id=cleo.id, body="Looks *good*", status=Status.review))


def before_up(session: Session) -> None:
    """Version 4 wants descriptions: no plan can know what to write into the rows that have none."""
    session.exec(update(Task).where(Task.description.is_(None)).values(description=""))


def before_down(session: Session) -> None:
    """Version 2 knows no status "review"."""
    for table in (Task, Comment):
        session.exec(update(table).where(table.status == Status.review).values(status=Status.doing))
