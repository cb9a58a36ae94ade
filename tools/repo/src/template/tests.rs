use super::*;

const TEMPLATE: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Patience: { Type: Number, Default: 60 }
Globals:
  Function:
    Architectures: [!Ref Architecture]
    Environment:
      Variables:
        TABLE_NAME: !Ref Table
        PATIENCE: !Ref Patience
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      Name: !Sub "${AWS::StackName}-api"
      Environment: [not, a, map]
      DefinitionBody:
        openapi: 3.0.1
        paths:
          "/mappings/{id}":
            x-amazon-apigateway-any-method:
              x-amazon-apigateway-integration: { type: aws_proxy, httpMethod: POST, uri: !GetAtt RemoveUri.Value }
          /:
            delete:
              x-amazon-apigateway-integration:
                uri: !Sub >-
                  arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${MappingsRemove.Arn}/invocations
            post: { x-amazon-apigateway-integration: { type: mock } }
            get: { x-amazon-apigateway-integration: { uri: !GetAtt AbsentUri.Value } }
  RemoveUri:
    Type: AWS::SSM::Parameter
    Properties: { Value: !Sub "arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${MappingsRemove.Arn}/invocations" }
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !If [Named, !Ref Name, !Ref AWS::NoValue]
      TimeToLiveSpecification: { AttributeName: ttl, Enabled: true }
      AttributeDefinitions:
        - { AttributeName: pk, AttributeType: S }
        - { AttributeName: count, AttributeType: N }
      KeySchema:
        - { AttributeName: pk, KeyType: HASH }
      GlobalSecondaryIndexes:
        - IndexName: gsi1
          KeySchema: [{ AttributeName: count, KeyType: HASH }]
          Projection: { ProjectionType: INCLUDE, NonKeyAttributes: [name] }
  MappingsRemove:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: mappings-remove } }
    Properties:
      Role: !GetAtt MappingsRemoveRole.Arn
      Environment:
        Variables: { SECRET: !Sub "{{resolve:secretsmanager:${Secret}}}" }
      Events:
        Remove:
          Type: Api
          Properties: { RestApiId: !Ref Api, Method: post, Path: "/mappings/{id}/remove" }
        Rest:
          Type: Api
          Properties: { Method: x-amazon-apigateway-any-method, Path: /mappings }
        Nightly:
          Type: Schedule
          Properties: { Schedule: rate(1 day) }
  MappingsRemoveRole:
    Type: AWS::IAM::Role
    Properties:
      ManagedPolicyArns: [!Ref MappingsRemovePolicy, !If [Shares, !Ref SharedPolicy, !Ref AWS::NoValue], arn:aws:iam::aws:policy/Another]
  SharedPolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement: [{ Effect: Allow, Action: xray:PutTraceSegments, Resource: "*" }]
  MappingsRemovePolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - Effect: Allow
            Action: dynamodb:DeleteItem
            Resource: !GetAtt Table.Arn
            Condition:
              ForAllValues:StringLike: { dynamodb:LeadingKeys: [DOCTOR#*] }
          - !If
            - SendsMail
            - { Effect: Allow, Action: [ses:SendEmail], Resource: !Sub "identity/${Domain}" }
            - !Ref AWS::NoValue
"#;

#[test]
fn functions_are_read_with_their_events_environment_and_permissions() {
    let template = Template::parse(TEMPLATE).unwrap();
    let function = &template.functions["mappings-remove"];
    assert_eq!(function.logical_id, "MappingsRemove");
    assert_eq!(
        function.routes,
        [
            Route { method: ANY.into(), path: "/mappings".into() },
            Route { method: ANY.into(), path: "/mappings/{id}".into() },
            Route { method: "DELETE".into(), path: "/".into() },
            Route { method: "POST".into(), path: "/mappings/{id}/remove".into() },
        ]
    );
    let variables: Vec<_> =
        function.environment.iter().map(|(k, v)| (&**k, v.as_deref())).collect();
    assert_eq!(variables, [("PATIENCE", Some("60")), ("SECRET", None), ("TABLE_NAME", None)]);
    assert_eq!(function.schedules, ["rate(1 day)"]);
    let statement = |action: &str, resource: &str, leading_keys| Statement {
        actions: vec![action.to_owned()],
        resource: resource.to_owned(),
        leading_keys,
    };
    assert_eq!(
        function.statements,
        [
            statement("dynamodb:DeleteItem", "Table.Arn", Some(vec!["DOCTOR#*".to_owned()])),
            statement("ses:SendEmail", "identity/${Domain}", None),
            statement("xray:PutTraceSegments", "*", None),
        ]
    );
}

#[test]
fn memory_is_the_functions_own_or_that_of_all_or_lambdas_default() {
    let memory_mb =
        |text: &str| Template::parse(text).unwrap().functions["mappings-remove"].memory_mb;
    assert_eq!(memory_mb(TEMPLATE), 128);
    let everywhere = TEMPLATE.replace("  Function:\n", "  Function:\n    MemorySize: 256\n");
    assert_eq!(memory_mb(&everywhere), 256);
    let role = "      Role: !GetAtt MappingsRemoveRole.Arn\n";
    let own = everywhere.replace(role, &format!("{role}      MemorySize: 1024\n"));
    assert_eq!(memory_mb(&own), 1024);
}

#[test]
fn timeout_is_the_functions_own_or_that_of_all_or_lambdas_default() {
    let seconds =
        |text: &str| Template::parse(text).unwrap().functions["mappings-remove"].timeout.as_secs();
    assert_eq!(seconds(TEMPLATE), 3);
    let everywhere = TEMPLATE.replace("  Function:\n", "  Function:\n    Timeout: 10\n");
    assert_eq!(seconds(&everywhere), 10);
    let role = "      Role: !GetAtt MappingsRemoveRole.Arn\n";
    let own = everywhere.replace(role, &format!("{role}      Timeout: 60\n"));
    assert_eq!(seconds(&own), 60);
}

#[test]
fn tables_are_read_with_their_indexes() {
    let template = Template::parse(TEMPLATE).unwrap();
    let table = &template.tables["Table"];
    assert_eq!(table.time_to_live(), Some("ttl"));
    assert_eq!(table.attribute_definitions[1].attribute_type, "N");
    assert_eq!(table.key_schema[0].key_type, "HASH");
    let index = &table.global_secondary_indexes[0];
    assert_eq!(index.index_name, "gsi1");
    assert_eq!(index.projection.projection_type, "INCLUDE");
    assert_eq!(index.projection.non_key_attributes, ["name"]);
}

#[test]
fn invalid_resource_is_named() {
    let error = Template::parse(&TEMPLATE.replace("KeyType: HASH", "KeyTyp: HASH")).unwrap_err();
    assert_eq!(error.to_string(), "template.yaml: Table is not a valid AWS::DynamoDB::Table");
    let error = Template::parse(&TEMPLATE.replace("Binary:", "Binaries:")).unwrap_err();
    assert!(matches!(error, TemplateError::NoBinary(id) if id == "MappingsRemove"));
}

#[test]
fn template_of_this_repository_is_read() {
    let template = Template::load().unwrap();
    assert!(template.functions.contains_key("auth-login"));
    assert!(template.tables.contains_key("Table"));
}
