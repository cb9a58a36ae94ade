//! A bucket with Object Lock in an emulated S3: moto.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode,
    ObjectLockRule,
};

use super::moto::Moto;
use crate::archive::Archive;
use crate::config::Aws;

/// The name of the bucket.
const BUCKET: &str = "archive";

/// A server with one bucket, whose objects cannot be deleted for a day. It ends when this is dropped.
pub struct Bucket {
    moto: Moto,
    client: Client,
}

impl Bucket {
    #[allow(clippy::new_without_default, reason = "a new server is no default value")]
    pub async fn new() -> Self {
        let moto = Moto::start();
        let Archive::S3 { client, .. } =
            Archive::in_bucket(&Aws::anybody(), Some(moto.endpoint()), BUCKET.to_owned())
        else {
            unreachable!("an archive in a bucket is in S3");
        };
        let create = client.create_bucket().bucket(BUCKET).object_lock_enabled_for_bucket(true);
        create.send().await.unwrap();
        let retention =
            DefaultRetention::builder().mode(ObjectLockRetentionMode::Compliance).days(1).build();
        let lock = ObjectLockConfiguration::builder()
            .object_lock_enabled(ObjectLockEnabled::Enabled)
            .rule(ObjectLockRule::builder().default_retention(retention).build())
            .build();
        let configure = client.put_object_lock_configuration().bucket(BUCKET);
        configure.object_lock_configuration(lock).send().await.unwrap();
        Self { moto, client }
    }

    /// Returns the archive as functions hold it.
    pub fn archive(&self) -> Archive {
        Archive::in_bucket(&Aws::anybody(), Some(self.moto.endpoint()), BUCKET.to_owned())
    }

    /// Tries to delete the only version of an object for good. Returns whether S3 does.
    pub async fn deletes(&self, key: &str) -> bool {
        let object = self.client.head_object().bucket(BUCKET).key(key).send().await.unwrap();
        let delete = self.client.delete_object().bucket(BUCKET).key(key);
        delete.set_version_id(object.version_id).send().await.is_ok()
    }
}
