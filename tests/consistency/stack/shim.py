"""What moto's CloudFormation lacks for this stack.

- Resources of types that it does not know: they only get an id and attributes.
- The DeletionPolicy RetainExceptOnCreate, and resources that an update includes or leaves out by a condition.
- References that resolve to nothing: moto leaves them out, CloudFormation refuses them.
"""

from moto.cloudformation import parsing
from moto.cloudformation.models import cloudformation_backends
from moto.core.common_models import CloudFormationModel

# Types that moto knows, but not as this stack uses them: a parameter without a name, an API from its Body, a record in a
# zone of somebody else.
INCOMPLETE = {
    "AWS::ApiGateway::Deployment",
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::Route53::RecordSet",
    "AWS::SSM::Parameter",
}

# The types whose id is an ARN, and its beginning.
ARNS = {"AWS::SecretsManager::Secret": "arn:aws:secretsmanager:{}:{}:secret:"}

# The references that have resolved to nothing.
unresolved = []


def install(template):
    types = {resource["Type"] for resource in template["Resources"].values()}
    for kind in sorted(types - parsing.get_model_map().keys() | types & INCOMPLETE):
        model = placeholder(kind)
        parsing.get_model_map()[kind] = model
        parsing.get_name_type_map()[kind] = ""
        parsing.get_model_list().append(model)
    parsing.clean_json = strict(parsing.clean_json)
    parsing.parse_and_update_resource = kept(parsing.parse_and_update_resource)
    for resource in template["Resources"].values():
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate":
            resource["DeletionPolicy"] = "Retain"


def placeholder(kind):
    """Returns a type of resources that only have an id and attributes."""

    class Placeholder(CloudFormationModel):
        # moto takes the second part for the service.
        __module__ = "moto.placeholder"

        def __init__(self, name, properties):
            self.name = name
            self.properties = properties

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
            return self.properties.get(attribute, f"{self.name}.{attribute}")

        @classmethod
        def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
            prefix = ARNS.get(kind, "").format(region_name, account_id)
            return cls(prefix + resource_name, cloudformation_json["Properties"])

        @classmethod
        def update_from_cloudformation_json(cls, original_resource, **kwargs):
            return original_resource

        @classmethod
        def delete_from_cloudformation_json(cls, *arguments):
            pass

        def is_created(self):
            return True

    return Placeholder


def kept(update):
    """moto forgets a resource of a type that it cannot update."""

    def updated(name, properties, resources, **kwargs):
        before = resources[name]
        return update(name, properties, resources, **kwargs) or before

    return updated


def strict(clean):
    def cleaned(value, resources):
        result = clean(value, resources)
        is_reference = isinstance(value, dict) and len(value) == 1 and value.keys() & {"Ref", "Fn::GetAtt"}
        if is_reference and result is None and value != {"Ref": "AWS::NoValue"}:
            unresolved.append(value)
        # moto leaves AWS::NoValue out of maps, but not out of lists.
        return [it for it in result if it is not None] if isinstance(result, list) else result

    return cleaned


def resources(stack, template):
    """Returns the physical ids of a stack's resources by their names. moto's own list lacks some names."""
    (backend,) = [it["eu-central-1"] for it in cloudformation_backends.values()]
    parsed = backend.get_stack(stack).resource_map._parsed_resources
    made = {name: parsed[name] for name in template["Resources"] if parsed.get(name) is not None}
    return {name: getattr(it, "physical_resource_id", None) for name, it in made.items()}


def included(template, parameters):
    """Returns the template without the resources that a condition leaves out. moto's updates ignore their conditions."""
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
    kept = {name: it for name, it in resources if "Condition" not in it or condition(it["Condition"])}
    return template | {"Resources": kept}
