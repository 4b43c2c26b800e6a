//! A deployed stack, found by its name: STS and CloudFormation are stood in for, the table and the secrets
//! are those of the local stack.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use local::{Stores, TABLE_NAME};
use tokio::net::TcpListener;

use super::{CommandLine, empty, events};

/// Serves what CloudFormation knows: the outputs of a stack `gate`, or the code that STS refuses with.
async fn aws(outputs: &[(&str, &str)], refusal: Option<&'static str>) -> String {
    let member = |(name, value): &(&str, &str)| {
        format!("<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>")
    };
    let outputs: String = outputs.iter().map(member).collect();
    let parameter = |name: &str, value: &str| {
        format!(
            "<member><ParameterKey>{name}</ParameterKey><ParameterValue>{value}</ParameterValue></member>"
        )
    };
    let parameters = parameter("Stage", "prod") + &parameter("Audience", "gatehouse-prod");
    let stack = format!(
        "<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>gate</StackName>\
         <CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>\
         <Outputs>{outputs}</Outputs><Parameters>{parameters}</Parameters></member></Stacks>\
         </DescribeStacksResult></DescribeStacksResponse>"
    );
    let app = Router::new().fallback(answer).with_state((stack, refusal));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, app).await });
    url
}

async fn answer(
    State((stack, refusal)): State<(String, Option<&'static str>)>,
    body: String,
) -> (StatusCode, String) {
    let refused = |code: &str| {
        let error = format!("<Type>Sender</Type><Code>{code}</Code><Message>no</Message>");
        let body = format!("<ErrorResponse><Error>{error}</Error></ErrorResponse>");
        (StatusCode::BAD_REQUEST, body)
    };
    if body.contains("Action=GetCallerIdentity") {
        let arn = "<Arn>arn:aws:iam::123456789012:user/olga</Arn>";
        let result = format!("<GetCallerIdentityResult>{arn}</GetCallerIdentityResult>");
        let body = format!("<GetCallerIdentityResponse>{result}</GetCallerIdentityResponse>");
        return refusal.map_or((StatusCode::OK, body), refused);
    }
    if body.contains("StackName=gate&") || body.ends_with("StackName=gate") {
        return (StatusCode::OK, stack);
    }
    refused("ValidationError")
}

/// The command line with an operator's credentials, which asks these.
async fn operator(url: &str, stores: &Stores) -> CommandLine {
    CommandLine::without_target()
        .await
        .set("AWS_ENDPOINT_URL", url)
        .set("AWS_ENDPOINT_URL_DYNAMODB", stores.dynamodb_url())
        .set("AWS_ENDPOINT_URL_SECRETS_MANAGER", stores.secrets_url())
        .set("AWS_REGION", "us-east-1")
        .set("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .set("AWS_SECRET_ACCESS_KEY", "secret")
        .set("AWS_EC2_METADATA_DISABLED", "true")
}

#[tokio::test]
async fn a_stack_is_found_by_its_name_and_worked_on_with_the_operators_credentials() {
    let (stores, _) = empty().await;
    let url = aws(
        &[
            ("ApiUrl", "https://api.example.com"),
            ("Issuer", "https://api.example.com"),
            ("TableName", TABLE_NAME),
            ("KeysSecretArn", local::KEYS_SECRET),
            ("PasswordsSecretArn", local::PASSWORDS_SECRET),
        ],
        None,
    )
    .await;
    let gatehouse = operator(&url, &stores).await;
    let init = [
        "init",
        "--stack-name",
        "gate",
        "--tenant",
        "acme",
        "--email",
        "root@acme.example",
        "--invite",
    ];
    let ran = gatehouse.run(&init).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains("https://api.example.com\n"), "{ran:?}");
    let by = events(&stores).await.remove(0)["user_agent"].clone();
    let by = by.as_str().unwrap();
    assert!(by.ends_with(" arn:aws:iam::123456789012:user/olga"), "{by}");
    let gatehouse = gatehouse.set("GATEHOUSE_STACK_NAME", "gate");
    gatehouse.done(&["tenants", "show", "acme"]).await;
}

#[tokio::test]
async fn a_missing_stack_region_or_right_is_said_in_one_line() {
    let (stores, _) = empty().await;
    let url = aws(&[("TableName", TABLE_NAME)], None).await;
    let gatehouse = operator(&url, &stores).await;
    let list = |stack: &'static str| ["tenants", "list", "--stack-name", stack];
    gatehouse.run(&list("other")).await.assert_failed(
        1,
        "there is no stack other in us-east-1, for these credentials",
    );
    gatehouse
        .run(&list("gate"))
        .await
        .assert_failed(1, "gate is no stack of Gatehouse: it has no output ApiUrl");
    let nowhere = gatehouse.clone().set("AWS_REGION", "");
    nowhere.run(&list("gate")).await.assert_failed(
        2,
        "which region? Name it with --region, AWS_REGION or in the AWS profile",
    );
    let refusing = aws(&[], Some("InvalidClientTokenId")).await;
    let gatehouse = operator(&refusing, &stores).await;
    gatehouse
        .run(&list("gate"))
        .await
        .assert_failed(1, "AWS refuses these credentials: InvalidClientTokenId");
}

#[tokio::test]
async fn without_credentials_it_says_so_and_looks_nowhere_for_long() {
    let (stores, _) = empty().await;
    let url = aws(&[], None).await;
    let gatehouse = operator(&url, &stores).await.set("AWS_ACCESS_KEY_ID", "");
    let list = ["tenants", "list", "--stack-name", "gate"];
    gatehouse.run(&list).await.assert_failed(
        1,
        "there are no AWS credentials: sign in as for the AWS CLI (aws configure, aws sso login), or name \
         a profile with --profile",
    );
    let away = gatehouse.set("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    let away = away.set("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    let ran = away.run(&list).await;
    assert_eq!((ran.code, ran.stderr.lines().count()), (1, 1), "{ran:?}");
    assert!(
        ran.stderr
            .starts_with("gatehouse: AWS cannot be asked who you are: "),
        "{ran:?}"
    );
}
