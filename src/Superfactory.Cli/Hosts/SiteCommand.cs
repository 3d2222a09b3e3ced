using System.CommandLine;
using Superfactory.Cli.CommandLine;
using Superfactory.Model.Units;
using Superfactory.Site;

namespace Superfactory.Cli.Hosts;

/// <summary><c>superfactory site</c>: runs a site's agent.</summary>
internal static class SiteCommand
{
    private const int SlotsMax = 64;
    private const int CoresMax = 4096;
    private const int OrphanGraceMax = 86_400;
    private const int OrphanGraceDefault = 60;

    /// <summary>Makes the command.</summary>
    public static Command Create(ControlOption control, Terminal terminal)
    {
        var name = new Option<string>("--name") { Description = "The site's name, one of a kind in the fleet.", HelpName = "NAME", Required = true };
        var (state, data) = (Settings.State(), Settings.Data());
        var listen = Settings.Text("--listen", "HOST:PORT", "Where the gateway listens for other sites; port 0 takes a free one. [default: 127.0.0.1:0]");
        var advertise = Settings.Text("--advertise", "HOST:PORT", "Where other sites reach the gateway. [default: where it listens]");
        var wan = Settings.Text("--wan", "RATE,ROUND-TRIP", "The link to emulate, such as 100mbit,14ms; none where links are real. [default: none]");
        var slots = Settings.Whole("--slots", "Slots offered here; a gang takes as many as its job's accelerators.", 1, SlotsMax, Site.SiteOptions.SlotsDefault);
        var cores = Settings.Whole("--cores", "Cores that the gangs here share. [default: all of this machine's]", 1, CoresMax);
        var python = Settings.Text("--python", "FILE", "The Python for trainers. [default: $SUPERFACTORY_PYTHON, else the first that has torch]");
        var grace = Settings.Whole("--orphan-grace", "Seconds that gangs go on when the agent dies, for the next one to take over.", 0, OrphanGraceMax, OrphanGraceDefault);
        var lease = Settings.Whole("--lease", "Seconds that gangs go on when the control plane is not heard, from 10; then they end themselves, and what they hold is free a minute later. 0 for ever.", 0, OrphanGraceMax, 0);
        var certificate = Settings.Text("--certificate", "FILE", "The site's certificate. [default: certificates/NAME.pem in the state directory]");
        var key = Settings.Text("--key", "FILE", "The certificate's private key. [default: certificates/NAME.key in the state directory]");
        var authority = Settings.Text("--authority", "FILE", "The certificate of the fleet's authority. [default: certificates/authority.pem in the state directory]");
        var insecure = Settings.InsecureWan();
        var command = new Command("site", "Run a site's agent, until Ctrl-C.")
        {
            name, state, data, listen, advertise, wan, certificate, key, authority, insecure, slots, cores, python, grace, lease,
        };
        command.SetAction((parsed, cancellation) =>
        {
            if (!WanProfile.TryParse(parsed.GetValue(wan) ?? WanProfile.None, out var profile, out var problem))
            {
                return Task.FromResult(terminal.Fail([problem with { Field = "--wan" }], ExitCode.BadInput));
            }

            if (!control.TryGet(parsed, out var address, out problem))
            {
                return Task.FromResult(terminal.Fail([problem], ExitCode.BadInput));
            }

            return SiteAgent.RunAsync(
                new SiteOptions
                {
                    Name = parsed.GetRequiredValue(name),
                    ControlUrl = address.ToString(),
                    StateDirectory = Directories.State(parsed.GetValue(state)),
                    DataDirectory = Directories.Data(parsed.GetValue(data), parsed.GetValue(state)),
                    GatewayListen = parsed.GetValue(listen) ?? "127.0.0.1:0",
                    GatewayAdvertise = parsed.GetValue(advertise),
                    Wan = profile,
                    CertificateFile = parsed.GetValue(certificate),
                    KeyFile = parsed.GetValue(key),
                    AuthorityFile = parsed.GetValue(authority),
                    InsecureWan = parsed.GetValue(insecure),
                    Slots = (int)parsed.GetValue(slots),
                    Cores = parsed.GetResult(cores) is null ? null : (int)parsed.GetValue(cores),
                    Python = parsed.GetValue(python),
                    OrphanGrace = TimeSpan.FromSeconds(parsed.GetValue(grace)),
                    GangLease = TimeSpan.FromSeconds(parsed.GetValue(lease)),
                },
                cancellation);
        });
        return command;
    }
}
