using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Superfactory.Wan.Security;

namespace Superfactory.Wan.Tests.Security;

public sealed class TlsLinkSecurityTests : IDisposable
{
    private readonly Fleet _fleet = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_sites_of_one_fleet_speak_tls_1_3_and_each_knows_the_other()
    {
        var met = await Fleet.MeetAsync(_fleet.Tls("atlanta"), _fleet.Tls("iowa"), "iowa");

        met.Server!.Value.Site.ShouldBe("atlanta");
        ((SslStream)met.Client!).SslProtocol.ShouldBe(SslProtocols.Tls13);
        await using var client = met.Client;
        await using var server = met.Server.Value.Stream;
        var sent = RandomNumberGenerator.GetBytes(300_000);
        var writing = client.WriteAsync(sent, Cancel).AsTask();
        var read = new byte[sent.Length];
        await server.ReadExactlyAsync(read, Cancel);
        await writing;
        read.ShouldBe(sent);
    }

    [Fact]
    public async Task A_caller_of_another_authority_gets_nothing_and_both_sides_say_why()
    {
        using var others = new Fleet();

        var met = await Fleet.MeetAsync(others.Tls("atlanta"), _fleet.Tls("iowa"), "iowa");

        (met.Client, met.Server).ShouldBe((null, null));
        met.ServerRefused.ShouldBe("its certificate for site 'atlanta' is not of this fleet's authority");
        met.ClientRefused.ShouldBe("its certificate for site 'iowa' is not of this fleet's authority");
    }

    [Fact]
    public async Task A_gateway_whose_caller_has_an_older_authority_of_the_fleet_too_is_refused_by_one_side_and_told_so()
    {
        // The caller trusts both authorities, the answering side only its own.
        using var others = new Fleet();
        var files = others.Issue("atlanta");
        await File.AppendAllTextAsync(files.Authority, await File.ReadAllTextAsync(_fleet.Issue("ohio").Authority, Cancel), Cancel);

        var met = await Fleet.MeetAsync(others.Tls("atlanta", files), _fleet.Tls("iowa"), "iowa");

        met.ServerRefused.ShouldBe("its certificate for site 'atlanta' is not of this fleet's authority");
        met.ClientRefused.ShouldBe("site iowa refuses this site (atlanta): its certificate for site 'atlanta' is not of this fleet's authority");
    }

    [Fact]
    public async Task A_caller_without_a_certificate_gets_nothing()
    {
        var (left, right) = await Fleet.WireAsync();
        await using var bare = new SslStream(left);
        var server = _fleet.Tls("iowa").AsServerAsync(right, Cancel).AsTask();
        await bare.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "iowa",
                EnabledSslProtocols = SslProtocols.Tls13,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
            },
            Cancel);
        await bare.WriteAsync(new byte[] { 0, 0 }, Cancel);

        (await Should.ThrowAsync<LinkSecurityException>(server)).Message.ShouldBe("it showed no certificate");
        (await TlsVerdict.ReadAsync(bare, Cancel)).ShouldBe("it showed no certificate");
        (await bare.ReadAsync(new byte[1], Cancel)).ShouldBe(0);
    }

    [Fact]
    public async Task A_certificate_that_says_where_its_issuer_is_found_makes_this_side_connect_nowhere()
    {
        using var found = new TcpListener(IPAddress.Loopback, 0);
        found.Start();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=atlanta", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(null, [$"http://{found.LocalEndpoint}/issuer"]));
        using var bare = request.Create(
            new X500DistinguishedName("CN=nobody"), X509SignatureGenerator.CreateForECDsa(issuerKey), Fleet.Start.AddDays(-3000), Fleet.Start.AddDays(3000), [1, 2, 3]);
        using var own = bare.CopyWithPrivateKey(key);
        var (left, right) = await Fleet.WireAsync();
        await using var caller = new SslStream(left);
        var server = _fleet.Tls("iowa").AsServerAsync(right, Cancel).AsTask();
        await caller.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "iowa",
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = SslStreamCertificateContext.Create(own, additionalCertificates: null, offline: true),
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
            },
            Cancel);
        await caller.WriteAsync(new byte[] { 0, 0 }, Cancel);

        await Should.ThrowAsync<LinkSecurityException>(server);
        found.Pending().ShouldBeFalse();
    }

    [Fact]
    public async Task A_gateway_that_answers_for_another_site_is_refused_and_told_so()
    {
        var met = await Fleet.MeetAsync(_fleet.Tls("atlanta"), _fleet.Tls("ohio"), "iowa");

        met.ClientRefused.ShouldBe("where the gateway of site 'iowa' should be, one with the certificate of site 'ohio' answers");
        met.ServerRefused.ShouldBe("site atlanta refuses this site (ohio): where the gateway of site 'iowa' should be, one with the certificate of site 'ohio' answers");
    }

    [Fact]
    public async Task A_certificate_that_expired_while_its_site_ran_is_refused_with_its_date()
    {
        var (old, young) = (_fleet.Tls("atlanta", _fleet.Issue("atlanta", days: 1)), _fleet.Tls("iowa"));
        _fleet.Time.Move(TimeSpan.FromDays(2));

        var met = await Fleet.MeetAsync(old, young, "iowa");

        met.ServerRefused.ShouldBe("its certificate for site 'atlanta' expired on 2030-01-02 00:00 UTC; renew it with 'superfactory certificates site'");
        met.ClientRefused.ShouldBe($"site iowa refuses this site (atlanta): {met.ServerRefused}");
        _fleet.Told.ShouldContain("The certificate expired on 2030-01-02 00:00 UTC: other sites refuse new connections. Renew it with 'superfactory certificates site'.");
    }

    [Fact]
    public async Task A_renewed_certificate_is_taken_up_without_a_restart()
    {
        var (old, young) = (_fleet.Tls("atlanta", _fleet.Issue("atlanta", days: 1)), _fleet.Tls("iowa"));
        _fleet.Time.Move(TimeSpan.FromDays(2));
        _fleet.Issue("atlanta", days: 30);

        var met = await Fleet.MeetAsync(old, young, "iowa");

        met.Server!.Value.Site.ShouldBe("atlanta");
        _fleet.Told.ShouldContain("The certificate was renewed and is valid until 2030-02-02 00:00 UTC.");
        await met.Client!.DisposeAsync();
        await met.Server.Value.Stream.DisposeAsync();
    }

    [Fact]
    public async Task A_file_that_is_replaced_by_an_older_one_is_taken_up_too()
    {
        var files = CertificateFiles.In(_fleet.Directory_, "atlanta");
        var (young, old) = (_fleet.Tls("iowa"), _fleet.Tls("atlanta", _fleet.Issue("atlanta", days: 1)));
        var newest = File.GetLastWriteTimeUtc(files.Authority);
        _fleet.Time.Move(TimeSpan.FromDays(2));
        _fleet.Issue("atlanta", days: 30);

        // As when it was made elsewhere some time ago and is copied here with its date, beside an authority's of today.
        File.SetLastWriteTimeUtc(files.Authority, newest);
        foreach (var file in new[] { files.Certificate, files.Key })
        {
            File.SetLastWriteTimeUtc(file, newest.AddDays(-1));
        }

        var met = await Fleet.MeetAsync(old, young, "iowa");

        met.Server!.Value.Site.ShouldBe("atlanta");
        _fleet.Told.ShouldContain("The certificate was renewed and is valid until 2030-02-02 00:00 UTC.");
        await met.Client!.DisposeAsync();
        await met.Server.Value.Stream.DisposeAsync();
    }

    [Fact]
    public async Task Files_that_were_replaced_by_something_else_leave_the_earlier_certificate_in_use_and_are_told()
    {
        var (one, other) = (_fleet.Tls("atlanta"), _fleet.Tls("iowa"));
        await File.WriteAllTextAsync(CertificateFiles.In(_fleet.Directory_, "atlanta").Certificate, "nonsense", Cancel);

        var met = await Fleet.MeetAsync(one, other, "iowa");

        met.Server!.Value.Site.ShouldBe("atlanta");
        _fleet.Told.ShouldHaveSingleItem().ShouldStartWith("The certificate files have changed and cannot be used; the earlier ones stay in use.");
        await met.Client!.DisposeAsync();
        await met.Server.Value.Stream.DisposeAsync();
    }

    [Fact]
    public async Task A_caller_that_speaks_no_tls_gets_nothing()
    {
        var (left, right) = await Fleet.WireAsync();
        var server = _fleet.Tls("iowa").AsServerAsync(right, Cancel).AsTask();
        await using (left)
        {
            await left.WriteAsync("SFWN and something that is no record of TLS"u8.ToArray(), Cancel);

            (await Should.ThrowAsync<LinkSecurityException>(server)).Message.ShouldStartWith("the TLS handshake with a caller failed");
            (await left.ReadAsync(new byte[1], Cancel)).ShouldBe(0);
        }
    }

    [Fact]
    public async Task A_site_that_answers_without_tls_is_refused_with_a_hint()
    {
        var (left, right) = await Fleet.WireAsync();
        var client = _fleet.Tls("atlanta").AsClientAsync(left, "iowa", Cancel).AsTask();
        await right.DisposeAsync();

        (await Should.ThrowAsync<IOException>(client)).Message
            .ShouldBe("the connection ended during the TLS handshake with site iowa; does the other side run without certificates (--insecure-wan)?");
    }

    [Fact]
    public void A_certificate_that_no_other_site_would_accept_is_a_problem_when_the_site_starts()
    {
        var files = _fleet.Issue("atlanta", days: 1);

        Problem(files, "iowa").ShouldBe($"{files.Certificate}: No other site would accept this certificate: it is the certificate of site 'atlanta', and this is site 'iowa'.");
        _fleet.Time.Move(TimeSpan.FromDays(1.5));
        Problem(files, "atlanta").ShouldContain("expired on 2030-01-02 00:00 UTC");
        _fleet.Time.Move(TimeSpan.FromDays(-3));
        Problem(files, "atlanta").ShouldContain("is valid from 2029-12-31 23:50 UTC on, and it is 2029-12-30 12:00 UTC here; compare the clocks");
    }

    [Fact]
    public void A_key_that_others_can_read_or_that_is_missing_is_a_problem_when_the_site_starts()
    {
        var files = _fleet.Issue("atlanta");
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(files.Key).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            File.SetUnixFileMode(files.Key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        }

        Problem(files, "atlanta").ShouldStartWith($"{files.Key}: Other users of this machine can read this private key.");
        File.Delete(files.Key);
        Problem(files, "atlanta").ShouldStartWith($"{files.Key}: There is no such file.");
    }

    [Fact]
    public void An_authority_is_read_back_from_its_files_and_never_replaced()
    {
        var directory = Path.Combine(_fleet.Directory_, "authority");
        _fleet.Authority.Save(directory).ShouldBeNull();

        using var again = FleetAuthority.Load(directory).Value!;
        again.Issue("texas", _fleet.Directory_, Fleet.Start).Succeeded.ShouldBeTrue();
        _fleet.Tls("texas", CertificateFiles.In(_fleet.Directory_, "texas")).Name.ShouldBe("tls1.3");
        _fleet.Authority.Save(directory)!.Message.ShouldBe("There is an authority here already, and sites may hold certificates of it.");
        again.Issue("no name", directory, Fleet.Start).Problems[0].Message.ShouldStartWith("'no name' is no name for a site");
    }

    [Fact]
    public void A_certificate_that_a_site_signed_for_another_is_not_of_the_fleets_authority()
    {
        var files = _fleet.Issue("atlanta");
        using var atlanta = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=iowa", key, HashAlgorithmName.SHA256);
        using var authority = atlanta.GetECDsaPrivateKey()!;
        using var forged = request.Create(atlanta.SubjectName, X509SignatureGenerator.CreateForECDsa(authority), atlanta.NotBefore, atlanta.NotAfter, [1, 2, 3]);
        var trusted = CertificateFiles.ReadAll(files.Authority).Value!;

        SiteIdentity.Check(forged, trusted, SiteIdentity.ClientPurpose, Fleet.Start).Refused
            .ShouldBe("its certificate for site 'iowa' is not of this fleet's authority");
        SiteIdentity.Check(trusted[0], trusted, SiteIdentity.ClientPurpose, Fleet.Start).Refused.ShouldBe("its certificate names no site");
        SiteIdentity.Check(atlanta, trusted, SiteIdentity.ClientPurpose, Fleet.Start).ShouldBe(("atlanta", null));
    }

    public void Dispose() => _fleet.Dispose();

    private string Problem(CertificateFiles files, string site)
        => TlsLinkSecurity.Open(files, site, _fleet.Time, _fleet.Told.Add).Problems.ShouldHaveSingleItem().ToString();
}
