package vpn

import (
	"maps"
	"slices"
)

// Action is what a caller asks for, by the name of the EC2 API's operation where it has one.
// Permissions, the audit trail, the API and the docs use the same names.
type Action string

// Access is what an action does, and thereby what allows it.
type Access int

// The kinds of access. ByProgram is the zero value on purpose: an action that is not in the table is
// allowed to no caller.
const (
	ByProgram  Access = iota // done by the program, or before the caller is known: recorded, never asked for
	Reads                    // shows something and changes nothing
	Writes                   // changes something
	OwnAccount               // changes the caller's own account and nothing else
	OwnPortal                // concerns the user of the self-service portal who asks, and no other one
	OwnFactor                // concerns the authenticator of the user of the self-service portal who asks
)

// The actions.
const (
	// QuickStart makes a network, certificates and an endpoint by one form. It needs no other permission than each of them.
	QuickStart Action = "QuickStart"

	// Networks.
	DescribeVpcs    Action = "DescribeVpcs"
	CreateVpc       Action = "CreateVpc"
	ModifyVpc       Action = "ModifyVpc"
	DeleteVpc       Action = "DeleteVpc"
	DescribeSubnets Action = "DescribeSubnets"
	CreateSubnet    Action = "CreateSubnet"
	ModifySubnet    Action = "ModifySubnet"
	DeleteSubnet    Action = "DeleteSubnet"

	// Certificates.
	ListCertificates           Action = "ListCertificates"
	DescribeCertificate        Action = "DescribeCertificate"
	CreateCertificateAuthority Action = "CreateCertificateAuthority"
	IssueCertificate           Action = "IssueCertificate"
	ImportCertificate          Action = "ImportCertificate"
	ExportClientCertificateKey Action = "ExportClientCertificateKey"
	RenewCertificate           Action = "RenewCertificate"
	RenameCertificate          Action = "RenameCertificate"
	DeleteCertificate          Action = "DeleteCertificate"
	ListBlockedCertificates    Action = "ListBlockedCertificates"
	BlockClientCertificate     Action = "BlockClientCertificate"
	UnblockClientCertificate   Action = "UnblockClientCertificate"
	ListDevices                Action = "ListDevices"
	RevokeDevice               Action = "RevokeDevice"
	// Revocation.
	DescribeRevocationList Action = "DescribeCertificateRevocationList"
	ImportRevocationList   Action = "ImportClientVpnClientCertificateRevocationList"
	DeleteRevocationList   Action = "DeleteCertificateRevocationList"
	SignRevocationList     Action = "SignCertificateRevocationList"
	RevokeCertificate      Action = "RevokeCertificate"
	ReleaseCertificate     Action = "ReleaseCertificateFromHold"
	ExportAuthorityKey     Action = "ExportCertificateAuthorityKey"
	ForgetAuthorityKey     Action = "ForgetCertificateAuthorityKey"

	// Identity providers.
	DescribeDirectories    Action = "DescribeDirectories"
	CreateDirectory        Action = "CreateDirectory"
	ModifyDirectory        Action = "ModifyDirectory"
	DeleteDirectory        Action = "DeleteDirectory"
	TestDirectorySignIn    Action = "TestDirectorySignIn"
	CreateSAMLProvider     Action = "CreateSAMLProvider"
	ModifySAMLProvider     Action = "ModifySAMLProvider"
	DeleteSAMLProvider     Action = "DeleteSAMLProvider"
	CompareSAMLMetadata    Action = "CompareSAMLMetadata"
	TestSAMLSignIn         Action = "TestSAMLSignIn"
	RegisterMFADevice      Action = "RegisterMFADevice"
	ConfirmMFADevice       Action = "ConfirmMFADevice"
	ResetMFADevice         Action = "ResetMFADevice"
	CreateEnrolmentCode    Action = "CreateMFAEnrolmentCode"
	ConfirmDirectoryLookUp Action = "ConfirmDirectoryLookUp"

	// Users and groups.
	DescribeVpnUsers  Action = "DescribeVpnUsers"
	DescribeVpnGroups Action = "DescribeVpnGroups"
	BlockVpnUser      Action = "BlockVpnUser"
	UnblockVpnUser    Action = "UnblockVpnUser"
	AcknowledgeReport Action = "AcknowledgeVpnUserReport"

	// Client VPN endpoints.
	DescribeClientVpnEndpoints         Action = "DescribeClientVpnEndpoints"
	CreateClientVpnEndpoint            Action = "CreateClientVpnEndpoint"
	ModifyClientVpnEndpoint            Action = "ModifyClientVpnEndpoint"
	RotateClientVpnEndpointKey         Action = "RotateClientVpnEndpointKey"
	DeleteClientVpnEndpoint            Action = "DeleteClientVpnEndpoint"
	FinishDeleteClientVpnEndpoint      Action = "FinishDeleteClientVpnEndpoint"
	CreateTags                         Action = "CreateTags"
	ExportClientVpnClientConfiguration Action = "ExportClientVpnClientConfiguration"
	CreateConfigurationLink            Action = "CreateClientVpnConfigurationLink"
	WithdrawConfigurationLink          Action = "WithdrawClientVpnConfigurationLink"

	// Target networks, authorization rules, routes.
	DescribeClientVpnTargetNetworks     Action = "DescribeClientVpnTargetNetworks"
	AssociateClientVpnTargetNetwork     Action = "AssociateClientVpnTargetNetwork"
	TestClientVpnTargetNetwork          Action = "TestClientVpnTargetNetwork"
	DisassociateClientVpnTargetNetwork  Action = "DisassociateClientVpnTargetNetwork"
	DescribeClientVpnAuthorizationRules Action = "DescribeClientVpnAuthorizationRules"
	AuthorizeClientVpnIngress           Action = "AuthorizeClientVpnIngress"
	ModifyClientVpnIngress              Action = "ModifyClientVpnIngress"
	RevokeClientVpnIngress              Action = "RevokeClientVpnIngress"
	DescribeClientVpnAccess             Action = "DescribeClientVpnAccess"
	DescribeClientVpnRoutes             Action = "DescribeClientVpnRoutes"
	CreateClientVpnRoute                Action = "CreateClientVpnRoute"
	ModifyClientVpnRoute                Action = "ModifyClientVpnRoute"
	DeleteClientVpnRoute                Action = "DeleteClientVpnRoute"

	// Connections.
	DescribeClientVpnConnections  Action = "DescribeClientVpnConnections"
	TerminateClientVpnConnections Action = "TerminateClientVpnConnections"

	// The self-service portal.
	SignInToPortal           Action = "SignInToSelfServicePortal"
	SignOutOfPortal          Action = "SignOutOfSelfServicePortal"
	OpenPortal               Action = "OpenSelfServicePortal"
	FetchPortalConfiguration Action = "DownloadSelfServicePortalConfiguration"
	ShowOwnFactor            Action = "ShowOwnMFADevice"
	EnrolOwnFactor           Action = "EnrolMFADevice"
	ReplaceOwnFactor         Action = "ReplaceMFADevice"
	RenewRecoveryCodes       Action = "RenewMFARecoveryCodes"
	UseRecoveryCode          Action = "UseMFARecoveryCode"
	EndOwnVPNSession         Action = "EndOwnVpnSession"
	ReportOwnSignIn          Action = "ReportOwnSignIn"
	MakeOwnDevice            Action = "CreateSelfServicePortalDevice"
	RemoveOwnDevice          Action = "RemoveSelfServicePortalDevice"
	FetchPortalInstaller     Action = "DownloadSelfServicePortalInstaller"
	DescribePortal           Action = "DescribeSelfServicePortal"
	ModifyPortal             Action = "ModifySelfServicePortal"
	ReplaceInstaller         Action = "ReplaceSelfServicePortalInstaller"
	RemoveInstaller          Action = "RemoveSelfServicePortalInstaller"

	// The console and its accounts.
	DescribeNode           Action = "DescribeNode"
	DescribeSettings       Action = "DescribeSettings"
	ModifySettings         Action = "ModifySettings"
	DescribeGettingStarted Action = "DescribeGettingStarted"
	ListAdministrators     Action = "ListAdministrators"
	DescribeAdministrator  Action = "DescribeAdministrator"
	AddAdministrator       Action = "AddAdministrator"
	EditAdministrator      Action = "EditAdministrator"
	ResetPassword          Action = "ResetPassword"
	ChangePassword         Action = "ChangePassword"
	SignIn                 Action = "SignIn"
	SignOut                Action = "SignOut"
	CreateSetupLink        Action = "CreateSetupLink"
	CompleteSetup          Action = "CompleteSetup"
)

// actions is the table of all actions: what each does, and its text in the audit trail.
var actions = map[Action]struct {
	access Access
	text   string
}{
	QuickStart:                          {Writes, "Quick start"},
	DescribeVpcs:                        {Reads, "Show networks"},
	CreateVpc:                           {Writes, "Create network"},
	ModifyVpc:                           {Writes, "Modify network"},
	DeleteVpc:                           {Writes, "Delete network"},
	DescribeSubnets:                     {Reads, "Show subnets"},
	CreateSubnet:                        {Writes, "Create subnet"},
	ModifySubnet:                        {Writes, "Modify subnet"},
	DeleteSubnet:                        {Writes, "Delete subnet"},
	ListCertificates:                    {Reads, "List certificates"},
	DescribeCertificate:                 {Reads, "Show certificate"},
	CreateCertificateAuthority:          {Writes, "Create certificate authority"},
	IssueCertificate:                    {Writes, "Issue certificate"},
	ImportCertificate:                   {Writes, "Import certificate"},
	ExportClientCertificateKey:          {Writes, "Download the private key of a client certificate"},
	RenewCertificate:                    {Writes, "Renew certificate"},
	RenameCertificate:                   {Writes, "Rename certificate"},
	DeleteCertificate:                   {Writes, "Delete certificate"},
	ListBlockedCertificates:             {Reads, "List blocked certificates"},
	BlockClientCertificate:              {Writes, "Block client certificate"},
	UnblockClientCertificate:            {Writes, "Unblock client certificate"},
	ListDevices:                         {Reads, "List devices"},
	RevokeDevice:                        {Writes, "Revoke certificate of device"},
	DescribeRevocationList:              {Reads, "Show certificate revocation list"},
	ImportRevocationList:                {Writes, "Import client certificate CRL"},
	DeleteRevocationList:                {Writes, "Remove certificate revocation list"},
	SignRevocationList:                  {Writes, "Sign certificate revocation list"},
	RevokeCertificate:                   {Writes, "Revoke certificate"},
	ReleaseCertificate:                  {Writes, "Release certificate from hold"},
	ExportAuthorityKey:                  {Writes, "Export the private key of a certificate authority"},
	ForgetAuthorityKey:                  {Writes, "Forget the private key of a certificate authority"},
	DescribeDirectories:                 {Reads, "Show identity providers"},
	CreateDirectory:                     {Writes, "Create directory"},
	ModifyDirectory:                     {Writes, "Modify directory"},
	DeleteDirectory:                     {Writes, "Delete directory"},
	TestDirectorySignIn:                 {Writes, "Test sign-in at directory"},
	ConfirmDirectoryLookUp:              {Writes, "Apply held look-up of directory"},
	CreateSAMLProvider:                  {Writes, "Create SAML provider"},
	ModifySAMLProvider:                  {Writes, "Modify SAML provider"},
	DeleteSAMLProvider:                  {Writes, "Delete SAML provider"},
	CompareSAMLMetadata:                 {Writes, "Compare the metadata of a SAML provider with its URL"},
	TestSAMLSignIn:                      {Writes, "Test sign-in at SAML provider"},
	DescribeVpnUsers:                    {Reads, "Show users"},
	DescribeVpnGroups:                   {Reads, "Show groups"},
	BlockVpnUser:                        {Writes, "Block user"},
	UnblockVpnUser:                      {Writes, "Unblock user"},
	AcknowledgeReport:                   {Writes, "Acknowledge report of user"},
	RegisterMFADevice:                   {Writes, "Register MFA device"},
	ConfirmMFADevice:                    {Writes, "Confirm MFA device"},
	ResetMFADevice:                      {Writes, "Reset MFA device"},
	CreateEnrolmentCode:                 {Writes, "Create MFA enrolment code"},
	DescribeClientVpnEndpoints:          {Reads, "Show Client VPN endpoints"},
	CreateClientVpnEndpoint:             {Writes, "Create Client VPN endpoint"},
	ModifyClientVpnEndpoint:             {Writes, "Modify Client VPN endpoint"},
	RotateClientVpnEndpointKey:          {Writes, "Rotate the key of configuration files"},
	DeleteClientVpnEndpoint:             {Writes, "Delete Client VPN endpoint"},
	FinishDeleteClientVpnEndpoint:       {ByProgram, "Client VPN endpoint is deleted"},
	CreateTags:                          {Writes, "Save tags"},
	ExportClientVpnClientConfiguration:  {Writes, "Download client configuration"},
	CreateConfigurationLink:             {Writes, "Make a one-time link to a client configuration file"},
	WithdrawConfigurationLink:           {Writes, "Withdraw a one-time link"},
	DescribeClientVpnTargetNetworks:     {Reads, "Show target network associations"},
	AssociateClientVpnTargetNetwork:     {Writes, "Associate target network"},
	TestClientVpnTargetNetwork:          {Writes, "Test target network"},
	DisassociateClientVpnTargetNetwork:  {Writes, "Disassociate target network"},
	DescribeClientVpnAuthorizationRules: {Reads, "Show authorization rules"},
	AuthorizeClientVpnIngress:           {Writes, "Add authorization rule"},
	ModifyClientVpnIngress:              {Writes, "Modify authorization rule"},
	RevokeClientVpnIngress:              {Writes, "Remove authorization rule"},
	DescribeClientVpnAccess:             {Reads, "Test access"},
	DescribeClientVpnRoutes:             {Reads, "Show route table"},
	CreateClientVpnRoute:                {Writes, "Create route"},
	ModifyClientVpnRoute:                {Writes, "Modify route"},
	DeleteClientVpnRoute:                {Writes, "Delete route"},
	DescribeClientVpnConnections:        {Reads, "Show connections"},
	TerminateClientVpnConnections:       {Writes, "Terminate connections"},
	SignInToPortal:                      {ByProgram, "Sign in to the self-service portal"},
	SignOutOfPortal:                     {OwnPortal, "Sign out of the self-service portal"},
	OpenPortal:                          {OwnPortal, "Show the self-service portal"},
	FetchPortalConfiguration:            {OwnPortal, "Download client configuration from the self-service portal"},
	ShowOwnFactor:                       {OwnFactor, "Show the own MFA device in the self-service portal"},
	EnrolOwnFactor:                      {OwnFactor, "Set up the own MFA device in the self-service portal"},
	ReplaceOwnFactor:                    {OwnFactor, "Replace the own MFA device in the self-service portal"},
	RenewRecoveryCodes:                  {OwnFactor, "Make new MFA recovery codes in the self-service portal"},
	UseRecoveryCode:                     {OwnFactor, "Use an MFA recovery code in the self-service portal"},
	EndOwnVPNSession:                    {OwnPortal, "End own VPN session in the self-service portal"},
	ReportOwnSignIn:                     {OwnPortal, "Report that a sign-in was not one's own"},
	MakeOwnDevice:                       {OwnPortal, "Make the configuration file of a device in the self-service portal"},
	RemoveOwnDevice:                     {OwnPortal, "Revoke the certificate of an own device in the self-service portal"},
	FetchPortalInstaller:                {OwnPortal, "Download an installer in the self-service portal"},
	DescribePortal:                      {Reads, "Show the self-service portal"},
	ModifyPortal:                        {Writes, "Change the self-service portal"},
	ReplaceInstaller:                    {Writes, "Replace the installer of a platform"},
	RemoveInstaller:                     {Writes, "Remove the installer of a platform"},
	DescribeNode:                        {Reads, "Show the state of the dataplane"},
	DescribeSettings:                    {Reads, "Show settings"},
	ModifySettings:                      {Writes, "Modify settings"},
	DescribeGettingStarted:              {Reads, "Show the tutorial's progress"},
	ListAdministrators:                  {Reads, "List administrators"},
	DescribeAdministrator:               {Reads, "Show administrator"},
	AddAdministrator:                    {Writes, "Add administrator"},
	EditAdministrator:                   {Writes, "Edit administrator"},
	ResetPassword:                       {Writes, "Reset password"},
	ChangePassword:                      {OwnAccount, "Change own password"},
	SignIn:                              {ByProgram, "Sign in"},
	SignOut:                             {OwnAccount, "Sign out"},
	CreateSetupLink:                     {ByProgram, "Create set-up link"},
	CompleteSetup:                       {ByProgram, "Complete set-up"},
}

// Actions lists all actions in the order of their names.
func Actions() []Action { return slices.Sorted(maps.Keys(actions)) }

// Access tells what the action does.
func (a Action) Access() Access { return actions[a].access }

// Text is the action in words, as the audit trail shows it; the name itself for an action that is not
// in the table: earlier versions recorded some refusals as "POST /networks/new".
func (a Action) Text() string {
	if facts, known := actions[a]; known {
		return facts.text
	}
	return string(a)
}
