using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Wan.Security;

namespace Superfactory.Cli.Certificates;

/// <summary><c>superfactory certificates authority DIR</c> and <c>certificates site NAME</c>: by what the gateways of a fleet know each other.</summary>
internal static class CertificatesCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create(Terminal terminal) => new("certificates", "Make the certificates by which the gateways of a fleet know each other.")
    {
        Authority(terminal),
        Site(terminal),
    };

    private static Command Authority(Terminal terminal)
    {
        var directory = new Argument<string>("DIR") { Description = "Where the authority's certificate and key are written." };
        var days = Settings.Whole("--days", "How long it is valid.", 1, FleetAuthority.DaysMax, FleetAuthority.DaysDefault);
        var command = new Command("authority", "Make the authority of a fleet.") { directory, days };
        command.SetAction(parsed =>
        {
            var path = Path.GetFullPath(parsed.GetRequiredValue(directory));
            using var authority = FleetAuthority.Create(terminal.Time.GetUtcNow(), (int)parsed.GetValue(days));
            if (authority.Save(path) is { } problem)
            {
                return terminal.Fail([problem], ExitCode.BadInput);
            }

            terminal.Line($"The authority is in {path}, valid until {authority.ValidUntil:yyyy-MM-dd}. Whoever has {CertificateFiles.AuthorityKeyName} can be any site: keep it off the sites.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Site(Terminal terminal)
    {
        var name = new Argument<string>("NAME") { Description = "The site's name." };
        var directory = new Option<string>("--authority") { Description = "The authority's directory.", HelpName = "DIR", Required = true };
        var output = new Option<string>("--out") { Description = "Where NAME.pem, NAME.key and authority.pem are written.", HelpName = "DIR", Required = true };
        var days = Settings.Whole("--days", "How long the certificate is valid.", 1, FleetAuthority.DaysMax, FleetAuthority.SiteDaysDefault);
        var command = new Command("site", "Make, or renew, the certificate of a site.") { name, directory, output, days };
        command.SetAction(parsed =>
        {
            var loaded = FleetAuthority.Load(Path.GetFullPath(parsed.GetRequiredValue(directory)));
            if (!loaded.Succeeded)
            {
                return terminal.Fail(loaded.Problems, ExitCode.BadInput);
            }

            using var authority = loaded.Value;
            var issued = authority.Issue(parsed.GetRequiredValue(name), Path.GetFullPath(parsed.GetRequiredValue(output)), terminal.Time.GetUtcNow(), (int)parsed.GetValue(days));
            if (!issued.Succeeded)
            {
                return terminal.Fail(issued.Problems, ExitCode.BadInput);
            }

            terminal.Line($"Certificate: {issued.Value.Certificate}");
            terminal.Line($"Key:         {issued.Value.Key}");
            terminal.Line($"Authority:   {issued.Value.Authority}");
            return ExitCode.Done;
        });
        return command;
    }
}
