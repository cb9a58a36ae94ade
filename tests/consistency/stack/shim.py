"""What moto's CloudFormation lacks for this stack.

- Resources of types that it does not know: they only get an id and attributes.
- The DeletionPolicy RetainExceptOnCreate, and resources that an update includes or leaves out by a condition.
- References that resolve to nothing: moto leaves them out, CloudFormation refuses them.
"""

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

# The types whose id is an ARN, and its beginning.
ARNS = {"AWS::SecretsManager::Secret": "arn:aws:secretsmanager:{}:{}:secret:"}

# The references that have resolved to nothing.
unresolved = []


def install(template):
    types = {resource["Type"] for resource in template["Resources"].values()}
    for kind in sorted(types - parsing.get_model_map().keys()):
        model = placeholder(kind)
        parsing.get_model_map()[kind] = model
        parsing.get_name_type_map()[kind] = ""
        parsing.get_model_list().append(model)
    parsing.clean_json = strict(parsing.clean_json)
    for resource in template["Resources"].values():
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate":
            resource["DeletionPolicy"] = "Retain"


def placeholder(kind):
    """Returns a type of resources that only have an id and attributes."""

    class Placeholder(CloudFormationModel):
        # moto takes the second part for the service.
        __module__ = "moto.placeholder"

        def __init__(self, name):
            self.name = name

        @property
        def physical_resource_id(self):
            return self.name

        @staticmethod
        def cloudformation_name_type():
            return ""

        @staticmethod
        def cloudformation_type():
            return kind

        @classmethod
        def has_cfn_attr(cls, attr):
            return True

        def get_cfn_attribute(self, attribute):
            return f"{self.name}.{attribute}"

        @classmethod
        def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
            prefix = ARNS.get(kind, "").format(region_name, account_id)
            return cls(prefix + resource_name)

        @classmethod
        def update_from_cloudformation_json(cls, original_resource, **kwargs):
            return original_resource

        @classmethod
        def delete_from_cloudformation_json(cls, *arguments):
            pass

        def is_created(self):
            return True

    return Placeholder


def strict(clean):
    def cleaned(value, resources):
        result = clean(value, resources)
        is_reference = isinstance(value, dict) and len(value) == 1 and value.keys() & {"Ref", "Fn::GetAtt"}
        if is_reference and result is None and value != {"Ref": "AWS::NoValue"}:
            unresolved.append(value)
        return result

    return cleaned


def included(template, parameters):
    """Returns the names of the resources that the conditions include."""
    values = {name: str(it.get("Default")) for name, it in template["Parameters"].items()} | parameters
    holds = {}

    def value(it):
        return values[it["Ref"]] if isinstance(it, dict) else str(it)

    def test(it):
        if "Condition" in it:
            return condition(it["Condition"])
        ((operator, operands),) = it.items()
        match operator:
            case "Fn::Equals":
                return value(operands[0]) == value(operands[1])
            case "Fn::Not":
                return not test(operands[0])
            case "Fn::And":
                return all(test(operand) for operand in operands)
        raise NotImplementedError(operator)

    def condition(name):
        if name not in holds:
            holds[name] = test(template["Conditions"][name])
        return holds[name]

    resources = template["Resources"].items()
    return {name for name, it in resources if "Condition" not in it or condition(it["Condition"])}
