package store

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

var errSerialization = error(&pgconn.PgError{Code: "40001", Severity: "ERROR", Message: "could not serialize"})

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// suite is the tests that both databases must pass. Each test has an empty database.
var suite = map[string]func(t *testing.T, s *Store){
	"network":                        testNetwork,
	"subnet":                         testSubnet,
	"directory":                      testDirectory,
	"SAML provider":                  testSAMLProvider,
	"SAML trial":                     testSAMLTrial,
	"certificate":                    testCertificate,
	"certificate key":                testCertificateKey,
	"endpoint":                       testEndpoint,
	"endpoint save":                  testEndpointSave,
	"endpoint delete":                testEndpointDelete,
	"observation":                    testObservation,
	"association":                    testAssociation,
	"rule":                           testRule,
	"everything":                     testSearchOfEverything,
	"route":                          testRoute,
	"removed":                        testRemoved,
	"connection":                     testConnection,
	"connection lists":               testConnectionLists,
	"connection purge":               testConnectionPurge,
	"ended connections":              testEndedConnections,
	"ended search":                   testEndedSearch,
	"counters":                       testCounters,
	"attempt":                        testAttempt,
	"block":                          testBlock,
	"renewal":                        testRenewal,
	"certificate login":              testCertificateLogin,
	"revoked":                        testRevokedCertificates,
	"users":                          testUsers,
	"user lists":                     testUserLists,
	"group spellings":                testGroupSpellings,
	"MFA device":                     testMFADevice,
	"MFA enrolment":                  testMFAEnrolment,
	"sign-ins":                       testSignIns,
	"browser sign-in":                testBrowserSignIn,
	"SAML request":                   testSAMLRequest,
	"profile download":               testProfileDownload,
	"portal downloads":               testPortalDownloads,
	"logo":                           testLogo,
	"installer files":                testInstallerFiles,
	"portal session":                 testPortalSession,
	"portal sessions above a number": testPortalSessionsAbove,
	"user sign-ins":                  testUserSignIns,
	"user report":                    testUserReport,
	"device":                         testDevice,
	"profile offer":                  testProfileOffer,
	"people":                         testPeople,
	"event cursor":                   testEventCursor,
	"revocation":                     testRevocation,
	"revocation generation":          testRevocationGeneration,
	"administrator":                  testAdministrator,
	"administrator race":             testAdministratorLock,
	"session":                        testSession,
	"VPN session":                    testVPNSession,
	"places":                         testPlaces,
	"set-up link":                    testSetupLink,
	"audit":                          testAudit,
	"search":                         testSearch,
	"pages":                          testPages,
	"odd text":                       testOddText,
	"rollback":                       testRollback,
	"view":                           testView,
	"no lost update":                 testNoLostUpdate,
	"write skew":                     testWriteSkew,
	"every field":                    testEveryField,
}

func TestConformance(t *testing.T) {
	for name, open := range openers {
		t.Run(name, func(t *testing.T) { Run(t, func(t *testing.T) *Store { return open(t) }) })
	}
}

// Run runs the suite; open gives an empty database.
func Run(t *testing.T, open func(t *testing.T) *Store) {
	for name, test := range suite {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}
