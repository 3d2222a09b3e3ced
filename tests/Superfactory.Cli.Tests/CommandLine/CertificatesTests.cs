using Superfactory.Cli.Factory;
using Superfactory.Wan.Security;

namespace Superfactory.Cli.Tests.CommandLine;

public sealed class CertificatesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task An_authority_and_certificates_of_two_sites_are_made_and_a_gateway_takes_them()
    {
        var (authority, output) = (_directory.Combine("authority"), _directory.Combine("site"));

        (await CommandProcess.RunAsync("certificates", "authority", authority)).ExitCode.ShouldBe(0);
        var made = await CommandProcess.RunAsync("certificates", "site", "atlanta", "--authority", authority, "--out", output, "--days", "30");

        made.ExitCode.ShouldBe(0, made.Error);
        made.Output.ShouldContain(Path.Combine(output, "atlanta.pem"));
        var tls = TlsLinkSecurity.Open(CertificateFiles.In(output, "atlanta"), "atlanta", TimeProvider.System, static _ => { });
        tls.Problems.ShouldBeEmpty();
        (tls.Value!.ValidUntil - TimeProvider.System.GetUtcNow()).TotalDays.ShouldBe(30, tolerance: 1);
        Directory.GetFiles(output, "authority.key").ShouldBeEmpty();
    }

    [Fact]
    public async Task An_authority_that_is_there_is_not_replaced_and_one_that_is_not_is_named()
    {
        var authority = _directory.Combine("authority");
        await CommandProcess.RunAsync("certificates", "authority", authority);

        var again = await CommandProcess.RunAsync("certificates", "authority", authority);
        var elsewhere = await CommandProcess.RunAsync("certificates", "site", "iowa", "--authority", _directory.Combine("none"), "--out", authority);

        again.ExitCode.ShouldBe(2);
        again.Message.ShouldStartWith($"superfactory: {authority}: There is an authority here already");
        elsewhere.ExitCode.ShouldBe(2);
        elsewhere.Message.ShouldStartWith($"superfactory: {_directory.Combine("none", "authority.pem")}: There is no such file.");
    }

    [Fact]
    public async Task A_site_without_a_certificate_does_not_start_and_says_how_to_get_one()
    {
        var ran = await CommandProcess.RunAsync("site", "--name", "atlanta", "--state", _directory.Root, "--control", "http://127.0.0.1:1");

        ran.ExitCode.ShouldBe(2);
        ran.Message.ShouldStartWith($"site atlanta: Site 'atlanta' has no certificate: expected {_directory.Combine("certificates", "atlanta.pem")}");
        ran.Message.ShouldContain("--insecure-wan");
    }

    [Fact]
    public void A_local_factory_makes_certificates_whose_authority_nobody_can_use_again()
    {
        var options = new LocalFactoryOptions
        {
            Listen = "127.0.0.1:0", StateDirectory = _directory.Root, DataDirectory = _directory.Root, Sites = ["atlanta", "iowa"], Wan = "none",
        };

        ThrowAwayFleet.Issue(options, TimeProvider.System).ShouldBeNull();

        var arguments = ThrowAwayFleet.Arguments(options, "iowa");
        arguments.Where((_, index) => index % 2 == 0).ShouldBe(["--certificate", "--key", "--authority"]);
        TlsLinkSecurity.Open(new CertificateFiles(arguments[1], arguments[3], arguments[5]), "iowa", TimeProvider.System, static _ => { }).Problems.ShouldBeEmpty();
        Directory.GetFiles(_directory.Root, "authority.key", SearchOption.AllDirectories).ShouldBeEmpty();
        ThrowAwayFleet.Arguments(options with { InsecureWan = true }, "iowa").ShouldBe(["--insecure-wan"]);
    }

    public void Dispose() => _directory.Dispose();
}
