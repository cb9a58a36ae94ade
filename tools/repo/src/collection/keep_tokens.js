if (pm.response.code === 200) {
    const { access, refresh } = pm.response.json();
    pm.collectionVariables.set("access", access);
    pm.collectionVariables.set("refresh", refresh);
}
