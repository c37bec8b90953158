from typing import Any

import django.db.models.deletion
from django.db import migrations, models

OLD, NEW = "receiverdemands", "requestrequirements"
ACTIONS = ("add", "change", "delete", "view")


def _rename_permissions(apps: Any, editor: Any, old: str, new: str, label: str) -> None:
    rows = apps.get_model("auth", "Permission").objects.using(editor.connection.alias)
    permissions = rows.filter(content_type__app_label="upstreams")
    for action in ACTIONS:
        if not permissions.filter(codename=f"{action}_{new}").exists():
            permissions.filter(codename=f"{action}_{old}").update(
                codename=f"{action}_{new}", name=f"Can {action} {label}"
            )


def rename_permissions(apps: Any, editor: Any) -> None:
    """Rename the model's permissions, so that groups and users keep theirs."""
    _rename_permissions(apps, editor, OLD, NEW, "request requirements")


def restore_permissions(apps: Any, editor: Any) -> None:
    """Restore the former names."""
    _rename_permissions(apps, editor, NEW, OLD, "receiver demands")


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('identities', '0009_help_texts'),
        ('upstreams', '0006_wording'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='receiverdemands',
            name='demanded_url_secret_is_set',
        ),
        migrations.RemoveConstraint(
            model_name='receiverdemands',
            name='secret_before_goes_with_a_newer',
        ),
        migrations.RenameModel('ReceiverDemands', 'RequestRequirements'),
        migrations.AlterModelOptions(
            name='requestrequirements',
            options={'verbose_name_plural': 'request requirements'},
        ),
        migrations.AlterField(
            model_name='requestrequirements',
            name='instance',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='request_requirements', to='identities.signalrinstance'),
        ),
        migrations.AlterField(
            model_name='requestrequirements',
            name='url_secret',
            field=models.BooleanField(default=False, help_text='Set the secret first: manage.py set_url_secret.', verbose_name='secret in the URL'),
        ),
        migrations.AlterField(
            model_name='requestrequirements',
            name='url_secret_parameter',
            field=models.CharField(blank=True, default='code', help_text='The query parameter that holds it. If empty, a path segment holds it.', max_length=64),
        ),
        migrations.AddConstraint(
            model_name='requestrequirements',
            constraint=models.CheckConstraint(condition=models.Q(('url_secret', False), models.Q(('url_secret_digest', ''), _negated=True), _connector='OR'), name='required_url_secret_is_set', violation_error_message='No secret is set. Set one first: manage.py set_url_secret.'),
        ),
        migrations.AddConstraint(
            model_name='requestrequirements',
            constraint=models.CheckConstraint(condition=models.Q(('url_secret_digest_before', ''), models.Q(('url_secret_digest', ''), _negated=True), _connector='OR'), name='previous_url_secret_needs_current', violation_error_message='A previous secret is accepted only beside a current one.'),
        ),
        migrations.RunPython(rename_permissions, restore_permissions),
    ]
