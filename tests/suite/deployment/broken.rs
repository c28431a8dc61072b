//! Templates that break a rule each.

/// A rule, the first place in the template that is changed, and what the rule then finds.
pub(super) struct Case {
    pub rule: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub found: &'static str,
}

const fn case(rule: &'static str, from: &'static str, to: &'static str, found: &'static str) -> Case {
    Case { rule, from, to, found }
}

const PERMISSIONS: &str = "permissions name what they allow";
const TABLES: &str = "tables are encrypted, protected and can be put back";
const KEPT: &str = "what cannot be made again outlives the stack";
const ENCRYPTED: &str = "queues and topics are encrypted";
const DEAD_LETTERS: &str = "queues have dead letters or hold them";
const FAILURES: &str = "failures that nobody waits for are kept";
const OBSERVED: &str = "functions log into a group that forgets, and are traced";
const ERRORS: &str = "errors of every function raise an alarm";
const ALARMS: &str = "alarms tell somebody what is wrong";
const TOKENS: &str = "routes want a token";
const THROTTLES: &str = "routes are throttled, those that place orders or show coupons more";
const ACCESS_LOG: &str = "the access log knows no person";

pub(super) const CASES: &[Case] = &[
    case("functions are called as their folders", "  GetCart:\n", "  ShowCart:\n", "ShowCart"),
    case(
        PERMISSIONS,
        "Action: dynamodb:PutItem, Resource: !GetAtt UsersTable.Arn }",
        "Action: dynamodb:*, Resource: !GetAtt UsersTable.Arn }",
        r#"RegisterUser may "dynamodb:*" on {"!GetAtt":"UsersTable.Arn"}"#,
    ),
    case(
        PERMISSIONS,
        "Action: dynamodb:PutItem, Resource: !GetAtt UsersTable.Arn }",
        "Action: dynamodb:PutItem, Resource: \"*\" }",
        r#"RegisterUser may "dynamodb:PutItem" on "*""#,
    ),
    case(
        PERMISSIONS,
        "              Condition: { StringEquals: { ses:FromAddress: !Ref MailSender } }\n",
        "",
        r#"EvaluateRewards may "ses:SendEmail" on {"!Sub":"arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/*"}"#,
    ),
    case(
        PERMISSIONS,
        "      Policies:\n        - Statement:\n",
        "      Policies:\n        - AmazonDynamoDBFullAccess\n        - Statement:\n",
        r#"RegisterUser has a policy that somebody else wrote: "AmazonDynamoDBFullAccess""#,
    ),
    case(TABLES, "BillingMode: PAY_PER_REQUEST", "BillingMode: PROVISIONED", "UsersTable: BillingMode"),
    case(
        TABLES,
        "      DeletionProtectionEnabled: !If [IsProtected, true, false]\n",
        "",
        "UsersTable: DeletionProtectionEnabled",
    ),
    case(
        TABLES,
        "PointInTimeRecoveryEnabled: !If [KeepsHistory, true, false]",
        "PointInTimeRecoveryEnabled: false",
        "UsersTable: PointInTimeRecoverySpecification",
    ),
    case(TABLES, "[!Ref DeletionProtection, \"true\"]", "[!Ref DeletionProtection, \"yes\"]", "IsProtected"),
    case(TABLES, "      SSESpecification: { SSEEnabled: true }\n", "", "UsersTable: SSESpecification"),
    case(KEPT, "DeletionPolicy: RetainExceptOnCreate", "DeletionPolicy: Delete", "UsersTable"),
    case(KEPT, "    UpdateReplacePolicy: Retain\n", "", "UsersTable"),
    case(ENCRYPTED, "SqsManagedSseEnabled: true", "SqsManagedSseEnabled: false", "OrderMailsDeadLetterQueue"),
    case(ENCRYPTED, "      KmsMasterKeyId: !Ref AlarmKey\n", "", "AlarmTopic"),
    case(DEAD_LETTERS, "        deadLetterTargetArn: !GetAtt OrderEventsDeadLetterQueue.Arn\n", "", "OrderEventsQueue"),
    case(DEAD_LETTERS, "MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 60", "OrderMailsDeadLetterQueue"),
    case(
        FAILURES,
        "            DeadLetterConfig: { Arn: !GetAtt ScheduledRunsDeadLetterQueue.Arn }\n",
        "",
        "AuditInventory: Schedule",
    ),
    case(
        FAILURES,
        "            RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 }\n",
        "",
        "ReleaseReservations: Schedule",
    ),
    case(
        FAILURES,
        "        DestinationConfig: { OnFailure: { Type: SQS, Destination: !GetAtt ScheduledRunsDeadLetterQueue.Arn } }\n",
        "",
        "AuditInventory: Schedule",
    ),
    case(
        FAILURES,
        "              OnFailure: { Type: SQS, Destination: !GetAtt OrderMailsDeadLetterQueue.Arn }\n",
        "              {}\n",
        "SendOrderMail: DynamoDB",
    ),
    case(FAILURES, "          Type: SQS\n", "          Type: SNS\n", "EvaluateRewards: SNS"),
    case(OBSERVED, "    Tracing: Active\n", "", "Health: Tracing"),
    case(
        OBSERVED,
        "      CodeUri: functions/checkout/\n",
        "      CodeUri: functions/checkout/\n      Tracing: PassThrough\n",
        "Checkout: Tracing",
    ),
    case(OBSERVED, "LogGroup: !Ref Logs", "LogGroup: /aws/lambda/elsewhere", "Health: LoggingConfig"),
    case(OBSERVED, "LogFormat: Text", "LogFormat: JSON", "Health: LoggingConfig"),
    case("log groups forget", "      RetentionInDays: !Ref LogRetentionDays\n", "", "Logs"),
    case(ERRORS, "MetricName: 5xx", "MetricName: 4xx", "Checkout"),
    case(
        ERRORS,
        "MetricName: Errors\n      Dimensions: [{ Name: FunctionName, Value: !Ref RegisterUser }]",
        "MetricName: Errors\n      Dimensions: [{ Name: FunctionName, Value: !Ref Health }]",
        "RegisterUser",
    ),
    case(
        "dead letters raise an alarm",
        "Value: !GetAtt ScheduledRunsDeadLetterQueue.QueueName",
        "Value: !GetAtt OrderEventsQueue.QueueName",
        "ScheduledRunsDeadLetterQueue",
    ),
    case(
        "a schedule that stands still raises an alarm",
        "TreatMissingData: breaching",
        "TreatMissingData: notBreaching",
        "ReleaseReservations",
    ),
    case(ALARMS, "      AlarmActions: [!Ref AlarmTopic]\n", "", "RefundRequiredAlarm"),
    case(ALARMS, "      TreatMissingData: notBreaching\n", "", "RefundRequiredAlarm"),
    case(TOKENS, "      DefaultAuthorizer: Jwt\n", "", "there is no default authorizer"),
    case(
        TOKENS,
        "Method: GET, Path: /users/me }",
        "Method: GET, Path: /users/me, Auth: { Authorizer: NONE } }",
        "GET /users/me",
    ),
    case(THROTTLES, "ThrottlingRateLimit: !Ref ApiRateLimit, ", "", "DefaultRouteSettings"),
    case(THROTTLES, "      POST /api/checkout: {", "      POST /api/pay: {", "POST /api/checkout"),
    case(THROTTLES, "      POST /api/checkout: {", "      POST /api/pay: {", "no such route: POST /api/pay"),
    case(
        THROTTLES,
        "\"GET /coupons/{code}\": { ThrottlingRateLimit: !Ref CheckoutRateLimit",
        "\"GET /coupons/{code}\": { ThrottlingRateLimit: !Ref ApiRateLimit",
        "GET /coupons/{code}",
    ),
    case(ACCESS_LOG, "$context.routeKey", "$context.path", "path"),
    case(ACCESS_LOG, "$context.requestTime", "$context.identity.sourceIp", "identity.sourceIp"),
    case(ACCESS_LOG, "      DestinationArn: !GetAtt AccessLog.Arn\n", "", "lines are no JSON, or go nowhere"),
    case("outputs are no secrets", "    Value: !Ref AlarmTopic\n", "    Value: !Ref SigningSecret\n", "AlarmTopicArn"),
    case("the dashboard shows every alarm", "\"${ApiErrorsAlarm.Arn}\",", "", "ApiErrorsAlarm"),
    case("operators can read about every alarm and metric", "\"Retries\"", "\"SecondTries\"", "SecondTries"),
    case(
        "operators can read about every alarm and metric",
        "MetricName=\\\"ConsumedReadUnits\\\"",
        "MetricName=\\\"ReadUnits\\\"",
        "ReadUnits",
    ),
    case(
        "operators can read about every alarm and metric",
        "  ApiErrorsAlarm:\n",
        "  ApiFailsAlarm:\n",
        "ApiFailsAlarm",
    ),
];
